"""Signals that end a program, what is cleaned up then, and processes that end with their parent."""

from __future__ import annotations

import ctypes
import errno
import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import CodeType, FrameType
from typing import Any

from molgen.errors import MolgenError

ENDING = tuple(getattr(signal, name) for name in ("SIGTERM", "SIGHUP") if hasattr(signal, name))
"""Signals by which a program is asked to end, beside Ctrl-C; SIGHUP comes when its terminal closes."""

IMPORT_POLL = 0.02
"""Seconds after which a signal that came while a module was being imported comes again."""

_DEATH_SIGNAL = 1
"""``PR_SET_PDEATHSIG`` of Linux."""

_held: list[int] = []
"""Signals that came during a call that is `uninterrupted`."""


class Ended(BaseException):
    """The program was asked to end.

    Attributes:
        number: of the signal.
    """

    def __init__(self, number: int) -> None:
        super().__init__(number)
        self.number = number


@contextmanager
def ending_by_exception() -> Iterator[None]:
    """For the length of a block, `ENDING` signals raise `Ended`, so that unfinished files and worker processes go.

    While a module is being imported the exception waits: compiled modules import others and swallow what is raised in
    them, and the signal would be lost. It waits too while something is called that is `uninterrupted`. Whatever error
    follows from an exception at any other moment, the block ends with `Ended`, and after Ctrl-C with
    `KeyboardInterrupt`. Signals that are ignored, as under ``nohup``, stay so.
    Outside the main thread, which alone receives signals, this does nothing.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = {number: signal.getsignal(number) for number in (*ENDING, signal.SIGINT)}
    received: list[int] = []

    def end(number: int, frame: FrameType | None) -> None:
        code = list(_code(frame))
        if _call.__code__ in code:
            _held.append(number)
            return
        if any(one.co_filename.startswith("<frozen importlib") for one in code):
            threading.Timer(IMPORT_POLL, os.kill, [os.getpid(), number]).start()
            return
        received.append(number)
        if number == signal.SIGINT:
            raise KeyboardInterrupt
        for other in ENDING:  # while all is being cleaned up
            signal.signal(other, signal.SIG_IGN)
        leave_terminal()
        raise Ended(number)

    for number, handler in before.items():
        if handler in (signal.SIG_DFL, signal.default_int_handler):
            signal.signal(number, end)
    try:
        yield
    except MolgenError:
        raise
    except SystemExit as end_of_program:
        if (
            end_of_program.code == 1 and signal.SIGINT in received
        ):  # what Lightning makes of Ctrl-C before the first step
            raise KeyboardInterrupt from None
        raise
    except Exception:
        if not received:
            raise
        raise (KeyboardInterrupt if received[-1] == signal.SIGINT else Ended(received[-1])) from None
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def uninterrupted(function: Callable[[], object]) -> None:
    """Call a function to its end before a signal of `ending_by_exception` raises an exception."""
    try:
        _call(function)
    finally:
        if _held:
            number = _held[0]
            _held.clear()
            signal.raise_signal(number)


def _call(function: Callable[[], object]) -> None:
    """What the handler of signals recognises."""
    function()


def _code(frame: FrameType | None) -> Iterator[CodeType]:
    """What is being executed, innermost first."""
    while frame is not None:
        yield frame.f_code
        frame = frame.f_back


def leave_terminal() -> None:
    """Send output nowhere where its terminal has closed: writing to it would be an error."""
    if sys.platform == "win32":
        return
    import termios

    for descriptor in (1, 2):
        try:
            termios.tcgetattr(descriptor)
        except termios.error as error:
            if error.args[0] == errno.EIO:
                os.dup2(os.open(os.devnull, os.O_WRONLY), descriptor)


def end_with_parent() -> None:
    """Have this process killed when the thread that started it ends, however it ends. Only Linux can do that."""
    if sys.platform.startswith("linux"):
        ctypes.CDLL(None).prctl(_DEATH_SIGNAL, signal.SIGKILL)


TIED: dict[str, Any] = {"preexec_fn": end_with_parent} if sys.platform.startswith("linux") else {}
"""Options of `subprocess.run` for a program that ends with this one."""
