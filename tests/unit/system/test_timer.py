"""Limits of time interrupt what they are put around, and leave other timers as they were."""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Iterator
from contextlib import suppress

import pytest

from molgen.system.timer import interrupting

pytestmark = pytest.mark.skipif(not hasattr(signal, "setitimer"), reason="there are no timers")


class Late(BaseException):
    pass


@pytest.fixture(autouse=True)
def _alone() -> Iterator[None]:
    """Without the timer that pytest may have set for this test."""
    handler, timer = signal.getsignal(signal.SIGALRM), signal.setitimer(signal.ITIMER_REAL, 0)
    yield
    signal.signal(signal.SIGALRM, handler)
    signal.setitimer(signal.ITIMER_REAL, *timer)


def test_a_timer_that_ran_before_runs_on() -> None:
    rung: list[float] = []
    signal.signal(signal.SIGALRM, lambda *_: rung.append(time.monotonic()))
    begin = time.monotonic()
    signal.setitimer(signal.ITIMER_REAL, 0.4, 0.2)
    with interrupting(60, Late()):
        time.sleep(0.1)
    assert 0 < signal.getitimer(signal.ITIMER_REAL)[0] <= 0.3 and signal.getitimer(signal.ITIMER_REAL)[1] > 0.1
    while len(rung) < 2:
        time.sleep(0.05)
    assert rung[0] - begin >= 0.39


def test_a_timer_that_ran_before_rings_in_the_block_too() -> None:
    rung: list[float] = []
    signal.signal(signal.SIGALRM, lambda *_: rung.append(time.monotonic()))
    signal.setitimer(signal.ITIMER_REAL, 0.1)
    late = Late()
    with pytest.raises(Late) as found, interrupting(0.4, late):
        while True:
            time.sleep(0.01)
    assert found.value is late and len(rung) == 1
    assert signal.getitimer(signal.ITIMER_REAL) == (0, 0)


def test_a_block_that_goes_on_is_interrupted_again() -> None:
    times = []
    with suppress(Late), interrupting(0.1, Late()):
        for _ in range(2):
            with suppress(Late):
                time.sleep(5)
            times.append(time.monotonic())
    assert 0.5 < times[1] - times[0] < 4


def test_other_threads_are_not_interrupted() -> None:
    done: list[bool] = []

    def work() -> None:
        with interrupting(0.05, Late()):
            time.sleep(0.2)
        done.append(True)

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert done
