"""The course of an optimisation as a picture."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from molgen.system.charts import chart


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
    with chart(path, (6, 3.4), overwrite=overwrite) as (axis,):
        for name, values in lines.items():
            axis.plot(calls, values, label=name)
        axis.set(xlabel="molecules scored", xlim=(0, None))
        axis.spines[["top", "right"]].set_visible(False)
        axis.legend(frameon=False, fontsize=8)
