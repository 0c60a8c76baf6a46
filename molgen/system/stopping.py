"""Stopping long work at the end of a step: at Ctrl-C, SIGTERM, or SIGHUP."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from molgen.system.progress import on_terminal, to_stderr
from molgen.system.signals import ENDING, leave_terminal

_SIGNALS = (signal.SIGINT, *ENDING)


class Stop:
    """Whether work was asked to stop, and by what; true where it was.

    Attributes:
        signal: the signal, or None.
    """

    def __init__(self, note: str = "") -> None:
        self.signal: int | None = None
        self._note = note

    def __bool__(self) -> bool:
        return self.signal is not None

    def _ask(self, number: int, _frame: object) -> None:
        if self.signal is not None:  # asked twice: stop at once
            raise KeyboardInterrupt
        self.signal = number
        leave_terminal()
        if self._note and on_terminal():
            to_stderr(f"\n{self._note}")


@contextmanager
def stopping(note: str = "") -> Iterator[Stop]:
    """Remember signals that end a program instead of ending the block; the second one ends it.

    Signals that are ignored stay so, as SIGHUP under ``nohup`` and Ctrl-C in the background of a script. Outside the
    main thread, which alone receives signals, none is remembered.

    Args:
        note: said on a terminal when the signal comes.

    Example:
        >>> with stopping() as stop:
        ...     signal.raise_signal(signal.SIGINT)
        ...     bool(stop)
        True
    """
    stop = Stop(note)
    if threading.current_thread() is not threading.main_thread():
        yield stop
        return
    before = {number: signal.getsignal(number) for number in _SIGNALS}
    for number, handler in before.items():
        if handler is not signal.SIG_IGN:
            signal.signal(number, stop._ask)
    try:
        yield stop
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def pass_on(stopped: int | None) -> None:
    """Let a signal that ended long work end the program as well; Ctrl-C ends the work alone.

    Args:
        stopped: the signal, or None.
    """
    if stopped is not None and stopped != signal.SIGINT:
        signal.raise_signal(stopped)
