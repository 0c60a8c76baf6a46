"""Calls of functions that others wrote: what they return is checked, and they may not hang."""

from __future__ import annotations

import math
import signal
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from molgen.errors import MolgenError


def call_score(
    function: Callable[[list[str]], Any], smiles: Sequence[str], name: str = "the score", timeout: float | None = None
) -> list[float]:
    """One number for each SMILES; NaN where the function returns NaN or None, or an infinite value.

    Args:
        function: of a list of SMILES.
        smiles: of molecules.
        name: for messages.
        timeout: seconds that the call may take; it is kept in the main thread of Unix systems.

    Raises:
        MolgenError: it raises, takes too long, or returns anything but one number per molecule.

    Example:
        >>> call_score(lambda texts: [len(text) for text in texts], ["C", "CC"])
        [1.0, 2.0]
    """
    try:
        with _limited(timeout):
            found = list(function(list(smiles)))
    except MolgenError:
        raise
    except _TookTooLongError:
        raise MolgenError(f"{name} took longer than {timeout:g} s for {len(smiles)} molecules") from None
    except Exception as error:  # whatever the function of a user may raise
        text = (str(error).splitlines() or [""])[0]
        raise MolgenError(f"{name} failed: {type(error).__name__}: {text}") from None
    if len(found) != len(smiles):
        raise MolgenError(f"{name} returned {len(found)} values for {len(smiles)} molecules: return one number each")
    return [_number(value, name) for value in found]


def _number(value: object, name: str) -> float:
    if value is None:
        return math.nan
    try:
        number = float(value)  # type: ignore[arg-type]
    except (TypeError, ValueError):
        raise MolgenError(f"{name} returned {value!r:.60}, which is no number") from None
    return number if math.isfinite(number) else math.nan


class _TookTooLongError(BaseException):
    """The time is over; no `Exception`, which the function may catch."""


_AGAIN = 1.0
"""Seconds after which a function that went on all the same is interrupted again."""


@contextmanager
def _limited(seconds: float | None) -> Iterator[None]:
    """Interrupt the block after so many seconds on the clock, where the system can."""
    if seconds is None or not hasattr(signal, "setitimer") or threading.current_thread() is not threading.main_thread():
        yield
        return

    def stop(*_: object) -> None:
        raise _TookTooLongError

    before = signal.signal(signal.SIGALRM, stop)
    signal.setitimer(signal.ITIMER_REAL, seconds, _AGAIN)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
