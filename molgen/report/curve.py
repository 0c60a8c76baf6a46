"""The course of an optimisation as a picture."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from molgen.errors import UsageError
from molgen.system.files import whole_file


def draw_curve(
    path: str | Path, calls: Sequence[float], lines: Mapping[str, Sequence[float]], overwrite: bool = False
) -> None:
    """Draw values over the number of molecules that were scored, into a ``.png`` or ``.svg``.

    Args:
        path: the suffix decides the format.
        calls: numbers of molecules ``(n,)``.
        lines: values ``(n,)`` by name.
        overwrite: an existing file.

    Raises:
        UsageError: another suffix, or a file that may not be overwritten.
    """
    path = Path(path)
    if path.suffix.lower() not in (".png", ".svg"):
        raise UsageError(f"cannot draw {path.name}: known formats are .png and .svg")
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    figure, axis = plt.subplots(figsize=(6, 3.4), layout="constrained")
    for name, values in lines.items():
        axis.plot(calls, values, label=name)
    axis.set(xlabel="molecules scored", xlim=(0, None))
    axis.spines[["top", "right"]].set_visible(False)
    axis.legend(frameon=False, fontsize=8)
    with whole_file(path, overwrite) as temporary:
        figure.savefig(temporary, dpi=100)
    plt.close(figure)
