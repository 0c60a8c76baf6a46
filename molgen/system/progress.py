"""Progress bars on stderr, shown on terminals only."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn


def to_stderr(text: str) -> None:
    """Print lines to stderr."""
    print(text, file=sys.stderr, flush=True)


class Bar:
    """A progress bar on a terminal; nothing elsewhere.

    Args:
        label: shown before the bar.
        total: amount of work; None if unknown.
        counted: show the numbers done and total.
    """

    def __init__(self, label: str, total: float | None = None, counted: bool = True) -> None:
        columns = [TextColumn("{task.description}"), BarColumn()]
        columns += [MofNCompleteColumn()] if counted else []
        self._progress = Progress(
            *columns,
            TimeElapsedColumn(),
            TimeRemainingColumn(),
            console=Console(stderr=True),
            transient=True,
            disable=not sys.stderr.isatty(),
        )
        self._label = label
        self._task = self._progress.add_task(label, total=total)

    def start(self) -> None:
        """Show the bar."""
        self._progress.start()

    def stop(self) -> None:
        """Remove the bar."""
        self._progress.stop()

    def advance(self, amount: int = 1) -> None:
        """Add to the amount done."""
        self._progress.advance(self._task, amount)

    def update(self, text: str = "", completed: float | None = None) -> None:
        """Set the text after the label, and the amount done."""
        self._progress.update(self._task, description=f"{self._label}  {text}".rstrip(), completed=completed)


@contextmanager
def bar(label: str, total: float | None = None) -> Iterator[Bar]:
    """A bar for the length of a block."""
    shown = Bar(label, total)
    shown.start()
    try:
        yield shown
    finally:
        shown.stop()
