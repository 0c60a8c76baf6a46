"""Ctrl-C and termination at the end of a step of long work."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager

_SIGNALS = (signal.SIGINT, signal.SIGTERM)


class Stop:
    """Whether and by what work was asked to stop.

    Attributes:
        signal: the signal, or None.
    """

    def __init__(self) -> None:
        self.signal: int | None = None

    def __bool__(self) -> bool:
        return self.signal is not None

    def _ask(self, number: int, _frame: object) -> None:
        if self.signal is not None:  # asked twice: stop at once
            raise KeyboardInterrupt
        self.signal = number


@contextmanager
def stopping() -> Iterator[Stop]:
    """Remember Ctrl-C and termination instead of ending the block at once; the second time ends it.

    Outside the main thread signals are left alone.

    Example:
        >>> with stopping() as stop:
        ...     signal.raise_signal(signal.SIGINT)
        ...     bool(stop)
        True
    """
    stop = Stop()
    if threading.current_thread() is not threading.main_thread():
        yield stop
        return
    before = {number: signal.signal(number, stop._ask) for number in _SIGNALS}
    try:
        yield stop
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
