"""Many substructure queries on one molecule, most of them settled without a search."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray
from rdkit import Chem

from molgen.features.record import PATTERN_BITS, pattern_bytes

_LOCAL = re.compile(r"\[(?:#\d+|[A-Z][a-z]?|[acnosp]|[DXvRrHh]\d*|[+-]\d*|[&,;!])+\]|[A-Z][a-z]?|[cnosp]")
"""Query atoms whose match depends on what `_kind` looks at and on nothing around the atom."""


class Screen:
    """Finds which of many queries could be in a molecule.

    A query can only match where all its pattern bits are set, and where for each of its atoms there are as many atoms
    in the molecule that could take that place. Both are settled for all queries at once, and only the survivors need a
    real substructure search, whose outcome this does not change.

    Args:
        queries: their patterns; None stands for a query whose pattern is not known and which always survives.
    """

    def __init__(self, queries: Sequence[Chem.Mol | None]) -> None:
        empty = bytes(PATTERN_BITS // 8)
        rows = [empty if query is None else pattern_bytes(query) for query in queries]
        bits = np.frombuffer(b"".join(rows), dtype=np.uint64).reshape(len(rows), PATTERN_BITS // 64)
        self._bits = np.ascontiguousarray(bits.T)  # word after word: what follows runs over all queries at once
        self._atoms = _AtomScreen(queries)

    def survivors(self, pattern: bytes, mol: Chem.Mol) -> Iterator[int]:
        """Numbers of the queries that may be in a molecule with this pattern, in order."""
        missing = ~np.frombuffer(pattern, dtype=np.uint64)
        possible = np.bitwise_or.reduce(self._bits & missing[:, None], axis=0) == 0
        return iter(np.flatnonzero(possible & self._atoms.possible(mol)).tolist())


class _AtomScreen:
    """Settles queries by counting the atoms that could take the place of each of theirs."""

    def __init__(self, queries: Sequence[Chem.Mol | None]) -> None:
        self._size = len(queries)
        self._kinds: dict[tuple[object, ...], NDArray[np.uint8]] = {}
        self._queries = queries  # keeps the atoms below alive
        columns: dict[str, int] = {}
        self._places: list[Chem.Atom] = []
        rows: list[int] = []
        places: list[int] = []
        needs: list[int] = []
        for row, query in enumerate(queries):
            wanted: Counter[str] = Counter()
            for atom in query.GetAtoms() if query is not None else ():
                smarts = atom.GetSmarts()
                if _LOCAL.fullmatch(smarts):
                    wanted[smarts] += 1
                    if smarts not in columns:
                        columns[smarts] = len(columns)
                        self._places.append(atom)
            rows += [row] * len(wanted)
            places += [columns[smarts] for smarts in wanted]
            needs += wanted.values()
        self._rows, self._columns = np.array(rows, dtype=np.int64), np.array(places, dtype=np.int64)
        self._needs = np.array(needs, dtype=np.uint16)

    def possible(self, mol: Chem.Mol) -> NDArray[np.bool_]:
        """``(queries,)``: no atom of the query lacks a counterpart."""
        rings = mol.GetRingInfo()
        there = np.stack([self._fits(atom, _kind(atom, rings)) for atom in mol.GetAtoms()])
        lacking = there.sum(0, dtype=np.uint16)[self._columns] < self._needs
        possible = np.ones(self._size, dtype=bool)
        possible[self._rows[lacking]] = False
        return possible

    def _fits(self, atom: Chem.Atom, kind: tuple[object, ...]) -> NDArray[np.uint8]:
        """Which places atoms of this kind can take; asked once per kind."""
        if kind not in self._kinds:
            self._kinds[kind] = np.array([place.Match(atom) for place in self._places], dtype=np.uint8)
        return self._kinds[kind]


def _kind(atom: Chem.Atom, rings: Chem.RingInfo) -> tuple[object, ...]:
    """All that a local query atom can ask of an atom."""
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
