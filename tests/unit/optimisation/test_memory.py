from __future__ import annotations

from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from molgen.features.fragments import scaffold_of
from molgen.optimisation.memory import Memory, ranked

MOLECULES = ["Cc1ccccc1", "Oc1ccccc1", "Nc1ccccc1", "CCO", "CCN"]
TOTALS = [0.5, 0.9, 0.7, 0.1, 0.9]


def filled(per_scaffold: int | None = None) -> Memory:
    memory = Memory(per_scaffold)
    memory.add(MOLECULES, TOTALS)
    return memory


def test_the_best_come_first_and_of_equal_ones_the_first_scored() -> None:
    assert filled().best(3) == [1, 4, 2]
    assert filled().mean_of_best(2) == pytest.approx(0.9)
    assert filled().mean_of_best(10) == pytest.approx(np.mean(TOTALS))
    assert Memory().mean_of_best(10) == 0


def test_of_equal_ones_the_newest_are_changed_and_none_where_all_are_alike() -> None:
    assert filled().good(3) == [4, 1, 2]
    assert filled().good(5) == [4, 1, 2, 0]  # CCO is the worst
    assert filled(1).good(5) == [4, 1]
    memory = Memory()
    assert memory.good(2) == []
    memory.add(MOLECULES, [0.0] * 5)
    assert memory.good(5) == []


def test_a_scaffold_counts_no_more_often_than_it_may() -> None:
    assert filled(1).best(5) == [1, 4, 3]
    assert filled(2).best(5) == [1, 4, 2, 3]
    assert filled(1).rewards(range(5)).tolist() == [0, 0.9, 0, 0.1, 0.9]
    assert filled().rewards(range(5)).tolist() == TOTALS


def test_diversity_is_that_of_the_best() -> None:
    memory = Memory()
    memory.add(["CCCCO", "CCCCO", "c1ccncc1"], [1.0, 1.0, 0.0])
    assert memory.diversity(2) == 0 < memory.diversity(3)
    assert Memory().diversity() == 0


def test_better_ranks_are_drawn_more_often_and_none_twice() -> None:
    draw = np.random.default_rng(0)
    found = np.array([ranked(10, 100, 0.01, draw) for _ in range(300)])
    assert all(len(set(row)) == 10 for row in found)
    counts = np.bincount(found.ravel(), minlength=100)
    assert counts[:10].mean() > 3 * counts[50:].mean() > 0
    assert sorted(ranked(10, 4, 0.01, draw)) == [0, 1, 2, 3]


def test_ranks_are_those_that_numpy_draws() -> None:
    """By `Generator.choice`, which checks and adds up all weights at each call."""
    weights = 1 / (0.1 * 50 + np.arange(50) + 1)
    for seed in range(100):
        expected = np.random.default_rng(seed).choice(50, 1 + seed % 50, replace=False, p=weights / weights.sum())
        assert ranked(1 + seed % 50, 50, 0.1, np.random.default_rng(seed)) == expected.tolist()


@given(
    st.lists(st.lists(st.tuples(st.sampled_from(MOLECULES), st.sampled_from([0.0, 0.5, 1.0])), max_size=5), max_size=6),
    st.integers(1, 3),
)
def test_rewards_are_of_what_may_be_learned_from(steps: list[list[tuple[str, float]]], most: int) -> None:
    memory = Memory(most)
    for step in steps:
        memory.add([smiles for smiles, _ in step], [total for _, total in step])
    seen: Counter[str] = Counter()
    expected = np.zeros(len(memory))
    for number in sorted(range(len(memory)), key=lambda one: (-memory.totals[one], -one)):
        seen[scaffold_of(memory.smiles[number])] += 1
        if seen[scaffold_of(memory.smiles[number])] <= most:
            expected[number] = memory.totals[number]
    assert memory.rewards(range(len(memory))).tolist() == expected.tolist()
