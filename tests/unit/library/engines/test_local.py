"""Processes on this machine: a lost one costs its own work."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from molgen.errors import MolgenError, UsageError
from molgen.library.engines.local import Local


def squared(number: int) -> int:
    return number * number


def dies_once(folder: str, number: int) -> int:
    file = Path(folder) / str(number)
    if number == 3 and not file.exists():
        file.touch()
        os.kill(os.getpid(), signal.SIGKILL)
    return number


def dies_always(number: int) -> int:
    os.kill(os.getpid(), signal.SIGKILL)
    return number


def refuses(number: int) -> int:
    raise UsageError(f"not {number}")


@pytest.mark.slow
def test_calls_are_taken_as_processes_are_free() -> None:
    taken: list[int] = []

    def calls() -> Iterator[tuple[int]]:
        for number in range(100):
            taken.append(number)
            yield (number,)

    with Local(2) as engine:
        results = engine.map(squared, calls())
        first = {next(results) for _ in range(3)}
        assert first <= {number * number for number in range(6)} and len(taken) <= 6
        assert first | set(results) == {number * number for number in range(100)}


@pytest.mark.slow
def test_a_killed_process_costs_its_own_call(tmp_path: Path) -> None:
    with Local(2) as engine:
        assert sorted(engine.map(dies_once, ((str(tmp_path), number) for number in range(6)))) == list(range(6))
        with pytest.raises(MolgenError, match=r"ended 3 times \(exit code -9\)"):
            list(engine.map(dies_always, [(1,)]))


@pytest.mark.slow
@pytest.mark.parametrize("jobs", [1, 2])
def test_errors_arrive_as_they_are(jobs: int) -> None:
    with Local(jobs) as engine, pytest.raises(UsageError, match="not 7"):
        list(engine.map(refuses, [(7,)]))
