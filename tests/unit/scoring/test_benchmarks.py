"""Tasks of GuacaMol and PMO against values of their original code (benchmarks/goal_directed_reference.py)."""

from __future__ import annotations

import gzip
import json
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from molgen.errors import UsageError
from molgen.scoring.benchmarks import BENCHMARKS, GUACAMOL, PMO, load_score
from molgen.scoring.benchmarks.pmo import auc_top
from molgen.scoring.score import Score

FIXTURE = Path(__file__).parents[2] / "fixtures" / "goal_directed.json.gz"


@cache
def reference() -> dict:  # type: ignore[type-arg]
    return json.loads(gzip.decompress(FIXTURE.read_bytes()))  # type: ignore[no-any-return]


def test_there_are_twenty_tasks_each() -> None:
    assert len(GUACAMOL) == len(PMO) == 20
    assert len(reference()["smiles"]) == 500


@cache  # most tasks of the one benchmark are tasks of the other
def found(score: Score, every: int) -> NDArray[np.float64]:
    return np.array(score(reference()["smiles"][::every]))


EVERY = pytest.mark.parametrize("every", [25, pytest.param(1, marks=pytest.mark.slow)])
"""One of so many of the 500 molecules."""


@EVERY
@pytest.mark.parametrize(("mine", "theirs"), tuple(zip(GUACAMOL, reference()["guacamol"], strict=True)))
def test_guacamol_gives_the_scores_of_the_original_package(mine: str, theirs: str, every: int) -> None:
    expected = np.array(reference()["guacamol"][theirs])
    assert expected.max() > 0.1
    np.testing.assert_allclose(found(GUACAMOL[mine].score, every), expected[::every], atol=1e-6)


@EVERY
@pytest.mark.parametrize("name", PMO)
def test_pmo_gives_the_scores_of_the_original_code(name: str, every: int) -> None:
    np.testing.assert_allclose(found(PMO[name].score, every), reference()["pmo"][name][::every], atol=1e-6)


def test_a_task_is_found_by_its_name() -> None:
    assert load_score("guacamol/median1") is GUACAMOL["median1"].score
    with pytest.raises(UsageError, match="has no task 'drd2'; there are albuterol"):
        load_score("pmo/drd2")
    with pytest.raises(UsageError, match=r"cannot read nothing\.toml"):
        load_score("nothing.toml")


def test_results_are_means_of_the_best() -> None:
    assert BENCHMARKS["guacamol"]["isomers_c11h24"].tops == (159,)
    task = GUACAMOL["median1"]
    assert task.result([1.0] * 10) == pytest.approx((1 + 1 + 0.1) / 3)
    assert task.result([]) == 0


def test_the_curve_begins_at_zero_and_stays_where_it_ends() -> None:
    assert auc_top([0.5] * 100, calls=200) == pytest.approx((100 * 0.25 + 100 * 0.5) / 200)
    rising = [number / 1000 for number in range(1000)]
    assert auc_top(rising, top=1, calls=1000) == pytest.approx(0.5, abs=2e-3)
    assert auc_top(rising, top=1, calls=1000) > auc_top(rising, top=10, calls=1000)
    assert auc_top([], calls=100) == 0
