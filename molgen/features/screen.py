"""Fast rejection of substructure queries, so that few need a search."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray
from rdkit import Chem

from molgen.features.record import PATTERN_BITS, pattern_bytes

_LOCAL = re.compile(r"\[(?:#\d+|[A-Z][a-z]?|[acnosp]|[DXvRrHh]\d*|[+-]\d*|[&,;!])+\]|[A-Z][a-z]?|[cnosp]")
"""Query atoms whose match depends on the atom's own properties (`_atom_key`) alone."""


class Screen:
    """Finds which of many queries could match a molecule.

    A query can match only if all its pattern bits are set in the molecule, and if the molecule has enough atoms that
    match each of its atoms. Both are tested for all queries at once. Only the remaining queries need a substructure
    search, so results do not change.

    Args:
        queries: patterns; None for a query whose pattern is not known, which is never rejected.
    """

    def __init__(self, queries: Sequence[Chem.Mol | None]) -> None:
        empty = bytes(PATTERN_BITS // 8)
        rows = [empty if query is None else pattern_bytes(query) for query in queries]
        bits = np.frombuffer(b"".join(rows), dtype=np.uint64).reshape(len(rows), PATTERN_BITS // 64)
        self._bits = np.ascontiguousarray(bits.T)  # by word, so that each operation runs over all queries
        self._atoms = _AtomScreen(queries)

    def survivors(self, pattern: bytes, mol: Chem.Mol) -> Iterator[int]:
        """Numbers of the queries that may match a molecule with this pattern fingerprint, in order."""
        missing = ~np.frombuffer(pattern, dtype=np.uint64)
        possible = np.bitwise_or.reduce(self._bits & missing[:, None], axis=0) == 0
        return iter(np.flatnonzero(possible & self._atoms.possible(mol)).tolist())


class _AtomScreen:
    """Rejects queries for which the molecule has too few matching atoms."""

    def __init__(self, queries: Sequence[Chem.Mol | None]) -> None:
        self._size = len(queries)
        self._matches: dict[tuple[object, ...], NDArray[np.uint8]] = {}
        self._queries = queries  # keeps the atoms below alive
        columns: dict[str, int] = {}
        self._atoms: list[Chem.Atom] = []
        rows: list[int] = []
        column_of: list[int] = []
        needs: list[int] = []
        for row, query in enumerate(queries):
            wanted: Counter[str] = Counter()
            for atom in query.GetAtoms() if query is not None else ():
                smarts = atom.GetSmarts()
                if _LOCAL.fullmatch(smarts):
                    wanted[smarts] += 1
                    if smarts not in columns:
                        columns[smarts] = len(columns)
                        self._atoms.append(atom)
            rows += [row] * len(wanted)
            column_of += [columns[smarts] for smarts in wanted]
            needs += wanted.values()
        self._rows, self._columns = np.array(rows, dtype=np.int64), np.array(column_of, dtype=np.int64)
        self._needs = np.array(needs, dtype=np.uint16)

    def possible(self, mol: Chem.Mol) -> NDArray[np.bool_]:
        """``(queries,)``: whether the molecule has enough matching atoms for each query."""
        rings = mol.GetRingInfo()
        there = np.stack([self._fits(atom, _atom_key(atom, rings)) for atom in mol.GetAtoms()])
        lacking = there.sum(0, dtype=np.uint16)[self._columns] < self._needs
        possible = np.ones(self._size, dtype=bool)
        possible[self._rows[lacking]] = False
        return possible

    def _fits(self, atom: Chem.Atom, key: tuple[object, ...]) -> NDArray[np.uint8]:
        """Which query atoms match an atom, ``(query atoms,)``; computed once per key."""
        if key not in self._matches:
            self._matches[key] = np.array([query.Match(atom) for query in self._atoms], dtype=np.uint8)
        return self._matches[key]


def _atom_key(atom: Chem.Atom, rings: Chem.RingInfo) -> tuple[object, ...]:
    """Everything about an atom on which a match with a local query atom can depend."""
    return (
        atom.GetAtomicNum(),
        atom.GetIsAromatic(),
        atom.GetFormalCharge(),
        atom.GetTotalNumHs(),
        atom.GetTotalNumHs(includeNeighbors=True),
        atom.GetNumImplicitHs(),
        atom.GetDegree(),
        atom.GetTotalDegree(),
        atom.GetTotalValence(),
        rings.AtomRingSizes(atom.GetIdx()),
    )
