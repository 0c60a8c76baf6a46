"""Picks by fingerprint against what their definitions say."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from rdkit import DataStructs

from molgen.library.choosing import Bits, apart, centres, diverse


@pytest.fixture(scope="module")
def bits() -> Bits:
    return np.random.default_rng(1).integers(0, 256, (300, 16), dtype=np.uint8)


def distances(bits: Bits) -> np.ndarray:
    vectors = [DataStructs.CreateFromBinaryText(row.tobytes()) for row in bits]
    return 1 - np.array([DataStructs.BulkTanimotoSimilarity(one, vectors) for one in vectors])


def test_each_diverse_pick_is_the_farthest_from_those_before(bits: Bits) -> None:
    picks, between = diverse(bits, 20, seed=3), distances(bits)
    assert len(set(picks)) == 20
    for count in range(1, 20):
        to_picked = between[:, picks[:count]].min(axis=1)
        assert to_picked[picks[count]] == pytest.approx(to_picked.max())
    assert diverse(bits, 20, seed=3) == picks and len(diverse(bits, 1000)) == 300


def test_picks_apart_go_down_the_list(bits: Bits) -> None:
    between, expected = distances(bits), list[int]()
    for row in range(len(bits)):
        if all(between[row, other] >= 0.68 for other in expected):
            expected.append(row)
    assert apart(bits, 300, 0.68) == expected and 1 < len(expected) < 300
    assert apart(bits, 2, 0.68) == expected[:2]


@pytest.mark.parametrize("tenths", range(11))
def test_rows_at_exactly_the_distance_are_apart(tenths: int) -> None:
    """Ten bits, and those of the second row among them: a distance of so many tenths."""
    rows = np.zeros((2, 16), np.uint8)
    rows[0, :10], rows[1, tenths:10] = 1, 1
    bits = np.packbits(rows, axis=1)
    for distance in (tenths / 10, 1 - (10 - tenths) / 10, tenths * 0.1):
        assert apart(bits, 5, distance) == [0, 1]
        assert apart(bits, 5, distance + 0.001) == [0]


def test_equal_rows_are_apart_by_nothing() -> None:
    assert apart(np.ones((3, 2), np.uint8), 2, 0) == [0, 1] and apart(np.ones((3, 2), np.uint8), 2, 0.1) == [0]


@pytest.mark.parametrize("size", (0, 1, 3))
@pytest.mark.parametrize(
    "choose", (diverse, lambda bits, n: apart(bits, n, 0.1), centres), ids=("diverse", "apart", "centres")
)
def test_more_than_there_are_gives_all(choose: Callable[[Bits, int], list[int]], size: int, bits: Bits) -> None:
    assert sorted(choose(bits[:size], 5)) == list(range(size))


def test_one_of_each_cluster() -> None:
    rng = np.random.default_rng(2)
    patterns = rng.integers(0, 256, (4, 16), dtype=np.uint8)
    members = np.repeat(np.arange(4), (40, 30, 20, 10))
    flips = np.packbits(rng.random((100, 128)) < 0.02, axis=1)
    picks = centres(patterns[members] ^ flips, 4, seed=0)
    assert members[picks].tolist() == [0, 1, 2, 3]  # the largest cluster first
    assert centres(patterns, 9) == [0, 1, 2, 3]
