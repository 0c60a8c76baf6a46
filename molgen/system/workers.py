"""Work in separate processes: an item that crashes or hangs its process is lost, and nothing else."""

from __future__ import annotations

import faulthandler
import multiprocessing
import os
import signal
import sys
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, TimeoutError
from dataclasses import dataclass
from itertools import islice
from typing import Generic, TypeVar

from pebble import ProcessExpired, ProcessPool

from molgen.system.signals import ENDING, end_with_parent, uninterrupted

T = TypeVar("T")
R = TypeVar("R")

CHUNK = 128
"""Items sent to a process at a time."""

TIME_LIMIT = 20.0
"""Seconds of processor time that one item may take."""

_PATIENCE = 30
"""Times the limit that a call may last on the clock: on a busy machine a process waits for its turn."""

_HAS_TIMER = hasattr(signal, "setitimer")


@dataclass(frozen=True)
class Lost:
    """An item without a result.

    Attributes:
        reason: what happened to its process.
    """

    reason: str


class _Batch(Generic[T, R]):
    """A chunk under way: one call for all of it, or one call per item after that call was lost."""

    def __init__(self, pool: ProcessPool, function: Callable[[T], R], items: Sequence[T], time_limit: float) -> None:
        self.pool, self.function, self.items, self.time_limit = pool, function, items, time_limit
        self.future = self._schedule(items)

    def _schedule(self, items: Sequence[T]) -> Future[list[R]]:
        on_clock = self.time_limit * (_PATIENCE if _HAS_TIMER else 1)
        return self.pool.schedule(_apply, args=(self.function, items, self.time_limit), timeout=on_clock)

    def results(self) -> Iterator[tuple[T, R | Lost]]:
        """Wait for the results of all items."""
        try:
            found: Sequence[R | Lost] = self.future.result()
        except (TimeoutError, ProcessExpired):
            singles = [self._schedule([item]) for item in self.items]
            found = [self._single(single) for single in singles]
        return zip(self.items, found, strict=True)

    def _single(self, future: Future[list[R]]) -> R | Lost:
        try:
            return future.result()[0]
        except TimeoutError:
            return Lost(f"took longer than {self.time_limit:g} s")
        except ProcessExpired as error:
            if _HAS_TIMER and error.exitcode == -signal.SIGPROF:
                return Lost(f"took longer than {self.time_limit:g} s")
            return Lost(f"crashed its process (exit code {error.exitcode})")


def isolated_map(
    function: Callable[[T], R],
    items: Iterable[T],
    *,
    jobs: int | None = None,
    time_limit: float = TIME_LIMIT,
    chunk: int = CHUNK,
) -> Iterator[R | Lost]:
    """Results in order, computed in worker processes that are replaced when they die or hang.

    Items travel in chunks; the items of a chunk whose process was lost are tried again one by one. A bounded number
    of chunks is under way at any time, so `items` may be endless.

    Args:
        function: can be pickled.
        items: can be pickled.
        jobs: processes; by default one per core.
        time_limit: seconds of processor time that one item may take, so that a busy machine loses none; on the clock
            where the system has no such timer.
        chunk: items per call.

    Raises:
        Exception: whatever `function` raises.
    """
    for _, outcome in isolated_pairs(function, items, jobs=jobs, time_limit=time_limit, chunk=chunk):
        yield outcome


def isolated_pairs(
    function: Callable[[T], R],
    items: Iterable[T],
    *,
    jobs: int | None = None,
    time_limit: float = TIME_LIMIT,
    chunk: int = CHUNK,
) -> Iterator[tuple[T, R | Lost]]:
    """Each item with its result, see `isolated_map`.

    Example:
        >>> list(isolated_pairs(str.upper, ["a", "b"], jobs=1))
        [('a', 'A'), ('b', 'B')]
    """
    jobs = jobs or os.cpu_count() or 1
    # Forked workers start at once and need no importable __main__; they touch neither torch nor its threads.
    method = "fork" if sys.platform.startswith("linux") else "spawn"
    pool = ProcessPool(jobs, initializer=_begin, context=multiprocessing.get_context(method))
    iterator, pending = iter(items), deque[_Batch[T, R]]()
    try:
        start(pool)
        while True:
            while len(pending) < 3 * jobs and (part := list(islice(iterator, chunk))):
                pending.append(_Batch(pool, function, part, time_limit))
            if not pending:
                break
            yield from pending.popleft().results()
        pool.close()  # type: ignore[no-untyped-call]
    finally:
        pool.stop()  # type: ignore[no-untyped-call]
        pool.join()


def start(pool: ProcessPool) -> None:
    """Start the processes of a pool.

    Without interruption: a process that a signal left half begun, the pool would not know and not end. They never
    receive Ctrl-C, which a terminal sends to every process at once: the main thread alone acts on it, and ends them.
    """
    uninterrupted(lambda: _start_without_ctrl_c(pool))


def _start_without_ctrl_c(pool: ProcessPool) -> None:
    """Threads and processes inherit the signals that are blocked."""
    if not hasattr(signal, "pthread_sigmask"):  # Windows
        _ = pool.active
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        _ = pool.active
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _begin() -> None:
    """What a worker does first: it ends with its parent and by any signal, and a crash is reported as a lost item,
    which a dump of the stack on stderr would only hide."""
    end_with_parent()
    for number in ENDING:
        signal.signal(number, signal.SIG_DFL)
    faulthandler.disable()


def _apply(function: Callable[[T], R], items: Sequence[T], time_limit: float) -> list[R]:
    results = []
    for item in items:
        _set_timer(time_limit)
        results.append(function(item))
    _set_timer(0)
    return results


def _set_timer(seconds: float) -> None:
    """End this process when it has used so much processor time, also within a library; 0 for no end."""
    if _HAS_TIMER:
        signal.signal(signal.SIGPROF, signal.SIG_DFL)
        signal.setitimer(signal.ITIMER_PROF, seconds)
