"""Processes on this machine."""

from __future__ import annotations

import multiprocessing
import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, wait
from multiprocessing import resource_tracker
from pathlib import Path
from typing import Any, TypeVar

from pebble import ProcessExpired, ProcessPool

from molgen.errors import MolgenError
from molgen.library.duplicates import Dropped, find_duplicates
from molgen.library.engines.base import TRIES, Engine
from molgen.system.hardware import use_one_core
from molgen.system.signals import end_with_parent
from molgen.system.workers import start

R = TypeVar("R")


class Local(Engine):
    """Processes on this machine, each on one core; a lost process is replaced. They end when this process does.

    Args:
        jobs: processes; by default one per core. With one, the work is done in this process.
    """

    def __init__(self, jobs: int | None = None) -> None:
        self.workers = jobs or os.cpu_count() or 1
        self._pool: ProcessPool | None = None

    def map(self, function: Callable[..., R], calls: Iterable[tuple[Any, ...]]) -> Iterator[R]:
        if self.workers == 1:
            yield from (function(*call) for call in calls)
            return
        iterator = iter(calls)
        running: dict[Future[R], tuple[tuple[Any, ...], int]] = {}
        while True:
            while len(running) < self.workers and (call := next(iterator, None)) is not None:
                running[self._start(function, call)] = (call, 1)
            if not running:
                return
            for future in wait(running, return_when=FIRST_COMPLETED).done:
                call, tries = running.pop(future)
                try:
                    result = future.result()
                except ProcessExpired as error:
                    if tries == TRIES:
                        raise MolgenError(
                            f"a process ended {TRIES} times (exit code {error.exitcode}) on the same work; if memory "
                            "was short, take fewer processes (jobs)"
                        ) from None
                    running[self._start(function, call)] = (call, tries + 1)
                else:
                    yield result

    def _start(self, function: Callable[..., R], call: tuple[Any, ...]) -> Future[R]:
        if self._pool is None:  # spawned: a fork of a process with threads of OpenMP may hang
            context = multiprocessing.get_context("spawn")
            self._pool = ProcessPool(self.workers, initializer=_prepare, context=context)
            if os.name == "posix":
                resource_tracker.ensure_running()  # which, when it is started, lets Ctrl-C through again
            start(self._pool)
        future: Future[R] = self._pool.schedule(function, args=call)
        return future

    def duplicates(self, shards: Sequence[Path], excluded: Sequence[Path], scratch: Path) -> Dropped:
        return find_duplicates(shards, excluded, scratch, self.workers)

    def close(self) -> None:
        if self._pool is not None:
            self._pool.stop()  # type: ignore[no-untyped-call]
            self._pool.join()
            self._pool = None


def _prepare() -> None:
    end_with_parent()
    use_one_core()
