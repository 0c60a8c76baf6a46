"""Tanimoto similarities of all pairs of fingerprints, reduced without storing the matrix."""

from __future__ import annotations

import math
import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
from numba.core.types import Type, uint64
from numba.extending import intrinsic
from numpy.typing import NDArray

from molgen.system.compiled import compiled

_PARTS = 64
"""Parts into which rows are shared out."""


@intrinsic  # type: ignore[untyped-decorator]
def _popcount(context: Any, word: Type) -> Any:
    """Number of bits set, as one instruction of the processor."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return builder.ctpop(arguments[0])

    return uint64(uint64), generate


@compiled
def _nearest(
    queries: Any,
    reference: Any,
    query_bits: Any,
    reference_bits: Any,
    skip_self: bool,
    best: Any,
    start: int,
    stop: int,
) -> None:
    for i in range(start, stop):
        highest = 0.0
        for j in range(len(reference)):
            if skip_self and i == j:
                continue
            both = np.uint64(0)
            for w in range(queries.shape[1]):
                both += _popcount(queries[i, w] & reference[j, w])
            either = query_bits[i] + reference_bits[j] - both
            similarity = both / either if either > 0 else 1.0
            if similarity > highest:
                highest = similarity
        best[i] = highest


@compiled
def _sums(prints: Any, bits: Any, sums: Any, start: int, stop: int) -> None:
    for i in range(start, stop):
        first, second = 0.0, 0.0
        for j in range(len(prints)):
            both = np.uint64(0)
            for w in range(prints.shape[1]):
                both += _popcount(prints[i, w] & prints[j, w])
            either = bits[i] + bits[j] - both
            similarity = both / either if either > 0 else 1.0
            first += similarity
            second += similarity * similarity
        sums[i, 0], sums[i, 1] = first, second


def _by_rows(kernel: Callable[[int, int], None], rows: int) -> None:
    """Call a kernel for all rows, by threads that share them out.

    Not by numba's own threads: those of OpenMP are PyTorch's too, whose number numba changes for good.
    """
    size = -(-rows // _PARTS)
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        list(pool.map(lambda start: kernel(start, min(start + size, rows)), range(0, rows, size or 1)))


def _bits(prints: NDArray[np.uint64]) -> NDArray[np.float64]:
    return np.bitwise_count(prints).sum(axis=1).astype(np.float64)


def nearest_similarity(queries: NDArray[np.uint64], reference: NDArray[np.uint64] | None = None) -> NDArray[np.float64]:
    """Highest Tanimoto similarity of each fingerprint to any of a reference, ``(n,)``.

    Args:
        queries: ``(n, words)``.
        reference: ``(m, words)``; by default the queries themselves, each without itself.
    """
    other = queries if reference is None else reference
    best = np.zeros(len(queries))
    bits, other_bits = _bits(queries), _bits(other)
    _by_rows(partial(_nearest, queries, other, bits, other_bits, reference is None, best), len(queries))
    return best


@dataclass(frozen=True)
class Diversity:
    """Internal diversity of a set, as MOSES defines it.

    Attributes:
        first: IntDiv = 1 - mean_xy T(x, y), each pair with itself included.
        second: IntDiv2 = 1 - mean_x sqrt(mean_y T(x, y)^2).
        error: standard error of the first, as a U-statistic: 2 sd(mean similarity of each) / sqrt(n).
        second_error: that of the second, in the same way.
    """

    first: float
    second: float
    error: float
    second_error: float


def internal_diversity(prints: NDArray[np.uint64]) -> Diversity:
    """Diversity of fingerprints ``(n, words)``, n >= 1."""
    sums = np.zeros((len(prints), 2))
    _by_rows(partial(_sums, prints, _bits(prints), sums), len(prints))
    sums /= len(prints)
    first, second = sums[:, 0], np.sqrt(sums[:, 1])
    scale = 2 / math.sqrt(len(prints))
    return Diversity(
        1 - float(first.mean()), 1 - float(second.mean()), scale * float(first.std()), scale * float(second.std())
    )
