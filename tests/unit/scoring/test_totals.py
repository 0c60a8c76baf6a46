from __future__ import annotations

import math

import pytest

from molgen.errors import MolgenError
from molgen.scoring.benchmarks.task import Task
from molgen.scoring.totals import counted, mean_of_best


def test_a_failure_counts_as_the_least_that_there_may_be() -> None:
    assert counted([0.0, math.nan, 0.5]) == [0.0, 0.0, 0.5] and counted([]) == []
    with pytest.raises(MolgenError, match=r"the score gives -0.01, but totals must be at least 0"):
        counted([math.nan, -0.01])


@pytest.mark.parametrize(("count", "expected"), ((1, 1.0), (2, 0.75), (3, 0.5), (10, 0.5)))
def test_the_best_are_averaged_whatever_their_order(count: int, expected: float) -> None:
    assert mean_of_best([0.5, 0.0, 1.0], count) == expected


def test_a_task_counts_molecules_that_were_not_found_as_0() -> None:
    assert Task("mean", (), tops=(1, 4)).result([0.5, 1.0]) == (1.0 + 1.5 / 4) / 2
