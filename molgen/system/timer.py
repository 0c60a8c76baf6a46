"""Limits on how long something may take on the clock."""

from __future__ import annotations

import math
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

from molgen.errors import UsageError

LONGEST = 1e6
"""Seconds of the longest limit; what waits for programs takes little more."""

_AGAIN = 1.0
"""Seconds after which a block that went on all the same is interrupted again."""
_SOON = 1e-6
"""Seconds until a timer rings that should have rung before; 0 would be no timer."""


def checked_seconds(seconds: float, name: str) -> float:
    """A limit of time that can be kept.

    Args:
        seconds: the limit.
        name: for the message.

    Raises:
        UsageError: it is not above 0, or above `LONGEST`, or no number.

    Example:
        >>> checked_seconds(2.5, "the timeout")
        2.5
    """
    if not 0 < seconds <= LONGEST:
        raise UsageError(f"{name} must be above 0 and at most {LONGEST:,.0f} seconds, not {seconds:g}")
    return seconds


@contextmanager
def interrupting(seconds: float | None, error: BaseException) -> Iterator[None]:
    """Raise an error in a block that takes longer than so many seconds, and every second from then on.

    A timer that runs already, such as that of a block around this one, rings as it would without this one, and runs on
    afterwards. Outside the main thread, which alone receives signals, and on Windows the block is not interrupted.

    Args:
        seconds: on the clock; None for no limit.
        error: to raise; of a class that the block does not catch.

    Example:
        >>> late = KeyboardInterrupt("late")
        >>> try:
        ...     with interrupting(0.01, late):
        ...         time.sleep(5)
        ... except KeyboardInterrupt as error:
        ...     print(error)
        late
    """
    if seconds is None or not hasattr(signal, "setitimer") or threading.current_thread() is not threading.main_thread():
        yield
        return
    handler = signal.getsignal(signal.SIGALRM)
    remaining, interval = signal.getitimer(signal.ITIMER_REAL)
    end = time.monotonic() + seconds
    other = time.monotonic() + remaining if remaining else math.inf

    def ring(number: int, frame: FrameType | None) -> None:
        nonlocal end, other
        now = time.monotonic()
        mine, others = now >= end, now >= other
        if mine or others:
            end = max(end, now + _AGAIN)
        if others:
            other = now + interval if interval else math.inf
        _set_timer(min(end, other))
        if others and callable(handler):
            handler(number, frame)
        if mine:
            raise error

    signal.signal(signal.SIGALRM, ring)
    _set_timer(min(end, other))
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, handler if handler is not None else signal.SIG_DFL)
        if other < math.inf:
            _set_timer(other, interval)


def _set_timer(when: float, interval: float = 0.0) -> None:
    signal.setitimer(signal.ITIMER_REAL, max(when - time.monotonic(), _SOON), interval)
