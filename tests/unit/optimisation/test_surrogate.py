"""Children that are screened before they are scored."""

from __future__ import annotations

import numpy as np
import pytest

from molgen.optimisation import optimise
from molgen.optimisation.memory import Memory
from molgen.optimisation.surrogate import Surrogate
from tests.unit.optimisation.tiny import oxygens, tiny

CHAINS = ["C" * number for number in range(2, 30)]


def ethers() -> Memory:
    """Chains, and the same with an oxygen, which are good."""
    memory = Memory()
    memory.add(CHAINS + [f"{text}OC" for text in CHAINS], [0.0] * len(CHAINS) + [1.0] * len(CHAINS))
    return memory


def test_what_is_like_the_good_ones_is_chosen() -> None:
    children = ["CC(C)CC", "CC(C)COC", "CCC(C)CC", "CCC(C)COC"]
    assert set(Surrogate(ethers()).chosen(children, 2, np.random.default_rng(0))) == {children[1], children[3]}


def test_what_is_unknown_is_tried_too() -> None:
    """Of molecules that are surely good and others about which nothing is known, some of each."""
    memory, known, strange = ethers(), [f"{'C' * number}OC" for number in (30, 31)], ["BrP(Br)Br", "FS(F)(F)(F)(F)F"]
    found = {
        text for seed in range(30) for text in Surrogate(memory).chosen(known + strange, 1, np.random.default_rng(seed))
    }
    assert found & set(known) and found & set(strange)


@pytest.mark.parametrize("wanted", (0, 1, 3, 9))
def test_no_more_are_chosen_than_there_are_and_each_once(wanted: int) -> None:
    children = ["CCBr", "CCCl", "CCI"]
    found = Surrogate(ethers()).chosen(children, wanted, np.random.default_rng(1))
    assert len(found) == len(set(found)) == min(wanted, 3) and set(found) <= set(children)


def test_totals_that_are_all_equal_make_no_difference() -> None:
    memory = Memory()
    memory.add(CHAINS, [0.5] * len(CHAINS))
    assert len(Surrogate(memory).chosen(["CCO", "CCN"], 1, np.random.default_rng(0))) == 1


@pytest.mark.slow
def test_screened_children_are_better_at_equal_calls() -> None:
    same = {"calls": 150, "batch": 16, "updates": 0, "sources": ("crossed", "mutated"), "progress": False}
    ten = [
        np.mean([optimise(tiny(), oxygens, seed=seed, screened=number, **same).curve[-1].top_ten for seed in (0, 1)])
        for number in (1, 8)
    ]
    assert ten[1] > ten[0]
