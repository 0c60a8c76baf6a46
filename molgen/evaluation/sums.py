"""Sums by key of very many sparse vectors: a hash table, since sorting them takes ten times as long."""

from __future__ import annotations

from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from molgen.features.neighbourhoods import SparseVector
from molgen.system.compiled import compiled

_SMALLEST = 1024
"""Slots of an empty table; always a power of two."""
_FULL = 0.6
"""Share of slots in use above which the table is doubled."""


@compiled
def _add(table: Any, sums: Any, keys: Any, values: Any) -> Any:
    """Add values to the sums of their keys; the number of keys that were not there.

    Args:
        table: key of each slot; it means something where there is a sum.
        sums: of the slots, NaN where a slot is empty.
        keys: that values are given for.
        values: none of them NaN.
    """
    new, last = 0, np.uint64(len(table) - 1)
    for i in range(len(keys)):
        slot = (np.uint64(keys[i]) * np.uint64(0x9E3779B97F4A7C15)) >> np.uint64(32) & last
        while sums[slot] == sums[slot] and table[slot] != keys[i]:
            slot = (slot + np.uint64(1)) & last
        if sums[slot] == sums[slot]:
            sums[slot] += values[i]
        else:
            table[slot], sums[slot] = keys[i], values[i]
            new += 1
    return new


class SparseSums:
    """The sum of sparse vectors.

    Example:
        >>> total = SparseSums()
        >>> for values in ([1.0, 2.0], [3.0, 4.0]):
        ...     total.add(SparseVector(np.array([7, 5]), np.array(values)))
        >>> total.vector()
        SparseVector(keys=array([5, 7]), values=array([6., 4.]))
    """

    def __init__(self) -> None:
        self._count = 0
        self._table, self._sums = _empty(_SMALLEST)
        self._sorted: SparseVector | None = None

    @classmethod
    def of(cls, vector: SparseVector) -> Self:
        """What `vector` returned, to be added to."""
        made = cls()
        made.add(vector)
        made._sorted = vector
        return made

    def add(self, vector: SparseVector) -> None:
        """Add a vector; its values are finite."""
        self._sorted = None
        while self._count + len(vector.keys) > _FULL * len(self._table):
            keys, values = self._entries()
            self._table, self._sums = _empty(2 * len(self._table))
            _add(self._table, self._sums, keys, values)
        self._count += _add(self._table, self._sums, vector.keys, vector.values)

    def vector(self) -> SparseVector:
        """The sum, its keys ascending."""
        if self._sorted is None:
            keys, values = self._entries()
            order = np.argsort(keys)
            self._sorted = SparseVector(keys[order], values[order])
        return self._sorted

    def _entries(self) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
        used = ~np.isnan(self._sums)
        return self._table[used], self._sums[used]


def _empty(slots: int) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    return np.empty(slots, np.int64), np.full(slots, np.nan)
