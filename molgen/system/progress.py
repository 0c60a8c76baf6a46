"""Progress bars: on terminals on stderr, in notebooks below the cell, and nowhere else."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from html import escape
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

_FIRST, _EVERY = 0.5, 0.2
"""Seconds after which a notebook shows a bar, and between its changes."""

Stage = Callable[[str, int], None]
"""Called with what is being done and the number done."""


def to_stderr(text: str) -> None:
    """Print lines to stderr."""
    print(text, file=sys.stderr, flush=True)


def on_terminal() -> bool:
    """Whether stderr is a terminal."""
    return sys.stderr is not None and sys.stderr.isatty()


def in_notebook() -> bool:
    """Whether the code runs in a cell of a Jupyter notebook."""
    ipython = sys.modules.get("IPython")
    shell = None if ipython is None else ipython.get_ipython()
    return getattr(shell, "kernel", None) is not None


def is_watched() -> bool:
    """Whether there is somewhere to show progress."""
    return on_terminal() or in_notebook()


class Bar:
    """A progress bar on a terminal or in a notebook; nothing elsewhere.

    Args:
        label: shown before the bar.
        total: amount of work; None if unknown.
        counted: show the numbers done and total.
        shown: false for no bar anywhere.
    """

    def __init__(self, label: str, total: float | None = None, counted: bool = True, shown: bool = True) -> None:
        self._label, self._text = label, label
        self._total, self._done = total, 0.0
        self._terminal = _terminal_bar(counted) if shown and on_terminal() else None
        self._task = None if self._terminal is None else self._terminal.add_task(label, total=total)
        self._notebook = _NotebookLine() if shown and self._terminal is None and in_notebook() else None

    def start(self) -> None:
        """Show the bar."""
        if self._terminal is not None:
            self._terminal.start()

    def stop(self) -> None:
        """Remove the bar."""
        if self._terminal is not None:
            self._terminal.stop()
        if self._notebook is not None:
            self._notebook.clear()

    def advance(self, amount: int = 1) -> None:
        """Add to the amount done."""
        self._done += amount
        self._show()

    def update(self, text: str = "", completed: float | None = None) -> None:
        """Set the text after the label, and the amount done."""
        self._text = f"{self._label}  {text}".rstrip()
        self._done = self._done if completed is None else completed
        self._show()

    def _show(self) -> None:
        if self._terminal is not None and self._task is not None:
            self._terminal.update(self._task, description=self._text, completed=self._done)
        if self._notebook is not None:
            self._notebook.show(self._text, self._done, self._total)


def _terminal_bar(counted: bool) -> Progress:
    columns = [TextColumn("{task.description}", markup=False), BarColumn()]
    columns += [MofNCompleteColumn()] if counted else []
    return Progress(*columns, TimeElapsedColumn(), TimeRemainingColumn(), console=Console(stderr=True), transient=True)


class _NotebookLine:
    """A line of text and a bar below a cell, which changes and goes away; work that is soon done shows none."""

    def __init__(self) -> None:
        self._next = time.monotonic() + _FIRST
        self._handle: Any = None

    def show(self, text: str, done: float, total: float | None) -> None:
        if time.monotonic() < self._next:
            return
        from IPython import display

        self._next = time.monotonic() + _EVERY
        share = "" if total is None else f' value="{min(done / total, 1.0):.4f}"'
        page = display.HTML(f"{escape(text)} <progress{share}></progress>")
        if self._handle is None:
            self._handle = display.display(page, display_id=True)
        else:
            self._handle.update(page)

    def clear(self) -> None:
        if self._handle is not None:
            from IPython import display

            self._handle.update(display.HTML(""))


@contextmanager
def bar(label: str, total: float | None = None, shown: bool = True) -> Iterator[Bar]:
    """A bar for the length of a block."""
    made = Bar(label, total, shown=shown)
    made.start()
    try:
        yield made
    finally:
        made.stop()


@contextmanager
def counting(progress: bool | Callable[[int], object], label: str, total: float) -> Iterator[Callable[[int], object]]:
    """What is called with amounts of work just done: a bar, or what the caller gives.

    Args:
        progress: true for a bar, false for nothing, or what is called instead.
        label: of the bar.
        total: amount of work.

    Example:
        >>> with counting(print, "sampling", 10) as advance:
        ...     _ = advance(3)
        3
    """
    if callable(progress):
        yield progress
        return
    with bar(label, total, shown=bool(progress)) as made:
        yield made.advance


@contextmanager
def stages(progress: bool | Stage, label: str) -> Iterator[Stage]:
    """What is called with the name of the stage under way and the number done: a bar, or what the caller gives.

    Args:
        progress: true for a bar, false for nothing, or what is called instead.
        label: of the bar.
    """
    if callable(progress):
        yield progress
        return
    made = Bar(label, counted=False, shown=bool(progress))
    made.start()
    try:
        yield lambda name, done: made.update(f"{name}  {done:,}" if done else name)
    finally:
        made.stop()
