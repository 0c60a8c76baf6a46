"""Values of metrics with their uncertainty."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Z = 1.959963984540054
"""Standard normal quantile of a two-sided 95 % interval."""

RESAMPLES = 30
"""Bootstrap draws behind an interval of a distance."""


@dataclass(frozen=True)
class MetricValue:
    """The value of one metric.

    Attributes:
        name: as the suite spells it.
        value: nan where it cannot be computed.
        n: number of molecules (or atoms) behind it.
        low: lower end of the 95 % interval; None where there is none.
        high: upper end.
        note: shown beside it.
    """

    name: str
    value: float
    n: int
    low: float | None = None
    high: float | None = None
    note: str = ""


def share(name: str, hits: int, n: int, note: str = "") -> MetricValue:
    """A fraction with Wilson's score interval (Wilson, 1927); nan for n = 0."""
    if n == 0:
        return MetricValue(name, math.nan, 0, note=note or "nothing to count")
    p, z2 = hits / n, Z * Z
    middle = (p + z2 / (2 * n)) / (1 + z2 / n)
    half = Z / (1 + z2 / n) * math.sqrt(p * (1 - p) / n + z2 / (4 * n * n))
    return MetricValue(name, p, n, max(0.0, middle - half), min(1.0, middle + half), note)


def mean(name: str, values: NDArray[np.float64], note: str = "") -> MetricValue:
    """A mean with its normal interval; nan for n = 0."""
    n = len(values)
    if n == 0:
        return MetricValue(name, math.nan, 0, note=note or "nothing to average")
    value = float(values.mean())
    if n == 1:
        return MetricValue(name, value, n, note=note)
    return around(name, value, float(values.std(ddof=1)) / math.sqrt(n), n, note)


def around(name: str, value: float, error: float, n: int, note: str = "") -> MetricValue:
    """A value with the normal interval of a standard error."""
    return MetricValue(name, value, n, value - Z * error, value + Z * error, note)


def bootstrap(
    name: str, value: float, n: int, statistic: Callable[[NDArray[np.float64]], float], note: str = ""
) -> MetricValue:
    """A value with an interval from resampling its molecules.

    A distance between distributions grows when molecules are drawn twice, so the resampled values give the width of
    the interval, not its middle.

    Args:
        name: of the metric.
        value: computed from all molecules once.
        n: molecules.
        statistic: the metric as a function of ``(n,)`` weights of the molecules.
        note: of the metric.
    """
    if n < 2 or not math.isfinite(value):
        return MetricValue(name, value, n, note=note)
    generator = np.random.default_rng(0)
    draws = [statistic(generator.multinomial(n, np.full(n, 1 / n)).astype(np.float64)) for _ in range(RESAMPLES)]
    return around(name, value, float(np.std(draws, ddof=1)), n, note)
