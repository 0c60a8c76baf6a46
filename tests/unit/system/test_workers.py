"""A molecule that crashes or hangs its process costs that molecule and nothing else."""

from __future__ import annotations

import os
import signal
import time

import pytest

from molgen.evaluation import evaluate
from molgen.system.workers import Lost, isolated_map


def _risky(item: str) -> str:
    if item == "die":
        os.kill(os.getpid(), signal.SIGKILL)
    while item == "hang":
        pass
    if item == "wait":
        time.sleep(2)
    if item == "raise":
        raise ValueError("a defect of the function")
    return item.upper()


@pytest.mark.slow
def test_results_keep_their_order_when_workers_die_and_hang() -> None:
    items = [f"item{i}" for i in range(40)]
    items[3], items[17], items[18] = "die", "hang", "die"
    found = list(isolated_map(_risky, items, jobs=2, time_limit=1.0, chunk=8))
    assert [i for i, outcome in enumerate(found) if isinstance(outcome, Lost)] == [3, 17, 18]
    assert "crashed" in str(found[3]) and "longer than 1 s" in str(found[17])
    assert [o for o in found if isinstance(o, str)] == [t.upper() for t in items if t not in ("die", "hang")]


@pytest.mark.slow
def test_an_item_that_waits_for_the_processor_is_not_lost() -> None:
    assert list(isolated_map(_risky, ["a", "wait", "b"], jobs=1, time_limit=0.5)) == ["A", "WAIT", "B"]


def test_a_short_limit_is_for_the_molecule_and_not_for_loading_alerts() -> None:
    assert not evaluate(["CCO"], suite="medchem", jobs=1, time_limit=0.3).lost


def test_defects_are_not_swallowed_and_streams_may_be_endless() -> None:
    with pytest.raises(ValueError, match="a defect"):
        list(isolated_map(_risky, ["a", "raise"], jobs=1))

    def endless():  # type: ignore[no-untyped-def]
        while True:
            yield "x"

    stream = isolated_map(_risky, endless(), jobs=2, chunk=4)
    assert [next(stream) for _ in range(10)] == ["X"] * 10
    stream.close()


def test_a_chain_of_20000_atoms_is_invalid_before_rdkit_crashes_on_it() -> None:
    attempts = ["CCO", "C" * 20_000, "CCN", "C1CC"]
    for suite in ("graph", "moses"):
        result = evaluate(attempts, suite=suite, jobs=1, time_limit=5)
        assert result.attempts == 4 and not result.lost
        assert result["validity" if suite == "graph" else "valid"] == 0.5
