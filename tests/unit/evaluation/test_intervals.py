"""Intervals: published ones, and how often they hold on simulated data."""

from __future__ import annotations

import math

import numpy as np
import pytest

from molgen.evaluation.intervals import around, bootstrap, mean, share


@pytest.mark.parametrize(
    ("hits", "n", "low", "high"),
    [(81, 263, 0.2553, 0.3662), (15, 148, 0.0624, 0.1605), (0, 20, 0.0, 0.1611), (1, 29, 0.0061, 0.1718)],
)
def test_shares_have_wilsons_interval(hits: int, n: int, low: float, high: float) -> None:
    """The values of Newcombe (Stat. Med. 17, 857, 1998), table I, method 3."""
    found = share("x", hits, n)
    assert found.value == hits / n and found.n == n
    assert (found.low, found.high) == (pytest.approx(low, abs=5e-5), pytest.approx(high, abs=5e-5))
    mirrored = share("x", n - hits, n)
    assert mirrored.low == pytest.approx(1 - high, abs=5e-5) and mirrored.high == pytest.approx(1 - low, abs=5e-5)


def test_a_mean_has_the_normal_interval() -> None:
    found = mean("x", np.array([1.0, 2.0, 3.0, 4.0, 5.0]))
    half = 1.959964 * math.sqrt(2.5 / 5)
    assert (found.value, found.n) == (3.0, 5)
    assert (found.low, found.high) == (pytest.approx(3 - half), pytest.approx(3 + half))
    alone = mean("x", np.array([2.0]))
    assert (alone.value, alone.low, alone.high) == (2.0, None, None)
    wide = around("x", 1.0, 0.5, 7, "why")
    assert (wide.low, wide.high, wide.n, wide.note) == (
        pytest.approx(0.02, abs=1e-4),
        pytest.approx(1.98, abs=1e-4),
        7,
        "why",
    )


def test_95_of_100_intervals_hold() -> None:
    generator = np.random.default_rng(1)
    hits = 0
    for _ in range(1000):
        found = mean("x", generator.exponential(size=200))
        assert found.low is not None and found.high is not None
        hits += found.low < 1 < found.high
    assert 920 < hits < 970
    tries = [share("x", int(count), 50) for count in generator.binomial(50, 0.3, size=1000)]
    assert 920 < sum(one.low < 0.3 < one.high for one in tries) < 975  # type: ignore[operator]


@pytest.mark.parametrize("n", [50, 800])
def test_the_bootstrap_has_the_width_of_the_standard_error(n: int) -> None:
    values = np.random.default_rng(2).normal(size=n)
    shown: list[float] = []

    def average(weights: np.ndarray) -> float:
        assert weights.shape == (n,) and weights.sum() == n
        shown.append(float(weights @ values / n))
        return shown[-1]

    found = bootstrap("x", 5.0, n, average)
    assert found.low is not None and found.high is not None
    assert len(set(shown)) == len(shown) == 30
    half = 1.959964 * values.std(ddof=1) / math.sqrt(n)
    assert found.value == 5 == pytest.approx((found.low + found.high) / 2)  # resampling gives the width, not the middle
    assert 0.65 * half < (found.high - found.low) / 2 < 1.4 * half
    assert bootstrap("x", 5.0, n, average) == found


def test_what_cannot_be_resampled_has_no_interval() -> None:
    for found in (bootstrap("x", math.nan, 9, lambda weights: 0.0), bootstrap("x", 1.0, 1, lambda weights: 0.0)):
        assert found.low is None and found.high is None
    assert math.isnan(share("x", 0, 0).value) and math.isnan(mean("x", np.zeros(0)).value)
