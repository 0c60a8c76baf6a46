"""Charts by matplotlib, drawn without a window and written whole."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from molgen.errors import UsageError
from molgen.system.files import whole_file


@contextmanager
def chart(
    path: str | Path, size: tuple[float, float], panels: int = 1, overwrite: bool = False, dpi: int = 100
) -> Iterator[list[Any]]:
    """Axes to draw in, side by side; written when the block ends without an error.

    The backend that a notebook or a program has chosen for its own charts is left alone.

    Args:
        path: ``.png`` or ``.svg``.
        size: inches.
        panels: number of axes.
        overwrite: an existing file.
        dpi: pixels per inch.

    Raises:
        UsageError: another suffix, or a file that may not be overwritten.

    Example:
        >>> import tempfile
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     with chart(f"{folder}/line.svg", (3, 2)) as (axis,):
        ...         lines = axis.plot([1, 2], [3, 4])
        ...     Path(folder, "line.svg").stat().st_size > 1000
        True
    """
    path = Path(path)
    if path.suffix.lower() not in (".png", ".svg"):
        raise UsageError(f"cannot draw {path.name}: known formats are .png and .svg")
    from matplotlib.figure import Figure

    figure = Figure(figsize=size, layout="constrained")
    yield list(figure.subplots(1, panels, squeeze=False)[0])
    with whole_file(path, overwrite) as temporary:
        figure.savefig(temporary, dpi=dpi)
