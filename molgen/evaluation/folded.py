"""The mean of very many sparse vectors in little space, for references that ship."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from molgen.evaluation.columns import find_keys
from molgen.features.neighbourhoods import SparseVector

KEPT, WIDTH = 200_000, 2**18
"""Entries that are kept as they are, and sums of all others."""
_SUM, _SIGN = 1, 40
"""The lowest of the bits of a key, which is a hash, that decide its sum, and the bit that decides its sign. The lowest
of all says nothing: keys of NSPDK are odd."""


@dataclass(frozen=True)
class FoldedVector:
    """A sparse vector whose largest entries are kept; each other one is added to, or taken from, one of a few sums.

    Products with other vectors are then right on average: what entries of different keys add to them is as often
    positive as negative (a count sketch; Charikar, Chen and Farach-Colton, 2002).

    Attributes:
        kept: the largest entries; keys ascend.
        sums: of the others ``(width,)``; the width is a power of two.
        square: squared length of the whole vector.

    Example:
        >>> vector = SparseVector(np.arange(5), np.array([3.0, 0.1, 2.0, 0.2, 1.0]))
        >>> folded = FoldedVector.of(vector, kept=3, width=8)
        >>> folded.kept.keys.tolist(), round(folded.discrepancy(vector), 6)
        ([0, 2, 4], 0.0)
    """

    kept: SparseVector
    sums: NDArray[np.float64]
    square: float

    @classmethod
    def of(cls, vector: SparseVector, kept: int = KEPT, width: int = WIDTH) -> Self:
        """The vector in little space.

        Args:
            vector: its keys ascend.
            kept: entries.
            width: number of sums, a power of two.
        """
        large = np.zeros(len(vector.keys), np.bool_)
        large[np.argsort(-np.abs(vector.values), kind="stable")[:kept]] = True
        rest = SparseVector(vector.keys[~large], vector.values[~large])
        square = float(vector.values @ vector.values)
        return cls(SparseVector(vector.keys[large], vector.values[large]), _sums(rest, width), square)

    def discrepancy(self, other: SparseVector) -> float:
        """Squared distance to a vector with ascending keys, see `molgen.evaluation.distances.mean_discrepancy`."""
        at, shared = find_keys(self.kept.keys, other.keys)
        product = float(self.kept.values[at[shared]] @ other.values[shared])
        product += float(self.sums @ _sums(SparseVector(other.keys[~shared], other.values[~shared]), len(self.sums)))
        return max(self.square + float(other.values @ other.values) - 2 * product, 0.0)

    def arrays(self, name: str) -> dict[str, NDArray[Any]]:
        """Arrays for storage.

        Args:
            name: with which their names begin.
        """
        return {
            name: np.diff(self.kept.keys, prepend=0),
            f"{name}_values": self.kept.values.astype(np.float32),
            f"{name}_sums": self.sums.astype(np.float32),
            f"{name}_square": np.array(self.square),
        }

    @classmethod
    def from_arrays(cls, arrays: dict[str, NDArray[Any]], name: str) -> Self:
        """From stored arrays.

        Args:
            arrays: by name.
            name: with which the names of these begin.
        """
        keys, values = np.cumsum(arrays[name]), arrays[f"{name}_values"].astype(np.float64)
        square = float(arrays[f"{name}_square"])
        return cls(SparseVector(keys, values), arrays[f"{name}_sums"].astype(np.float64), square)


def _sums(vector: SparseVector, width: int) -> NDArray[np.float64]:
    signs = 1 - 2 * ((vector.keys >> _SIGN) & 1)
    return np.bincount((vector.keys >> _SUM) & (width - 1), vector.values * signs, width).astype(np.float64)
