"""Given pieces of a molecule, and the choices that would leave them unused, unjoined or changed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from molgen.chem.bonds import BOND_NAMES
from molgen.chem.vocabulary import Vocabulary
from molgen.constraints.fragment import Fragment
from molgen.errors import MoleculeError, UsageError
from molgen.graph.autoregressive.partial_graph import FAR, Array, PartialGraph
from molgen.system.compiled import compiled

Mask = NDArray[np.bool_]


@dataclass(frozen=True)
class Given:
    """A fragment in a model's categories.

    Attributes:
        atoms: categories ``(k,)``.
        bonds: categories ``(k, k)``, symmetric.
        pieces: number of connected pieces.
        marked: whether the piece of each atom has attachment points ``(k,)``.
        attachments: number of attachment points of each atom by category of bond ``(k, BONDS)``.
        fragment: as it was given.
    """

    atoms: Array
    bonds: NDArray[np.uint8]
    pieces: int
    marked: Mask
    attachments: Array
    fragment: Fragment

    @classmethod
    def of(cls, fragment: Fragment, vocabulary: Vocabulary) -> Given:
        """Read a fragment.

        Raises:
            UsageError: it has atoms that the model does not know.
        """
        k = len(fragment.atoms)
        try:
            atoms = np.array(vocabulary.encode(fragment.atoms), dtype=np.int64)
        except MoleculeError as error:
            raise UsageError(f"the fragment {fragment.text!r} does not fit the model: {error}") from None
        bonds = np.zeros((k, k), np.uint8)
        for i, j, name in fragment.bonds:
            bonds[i, j] = bonds[j, i] = BOND_NAMES.index(name)
        attachments = np.zeros((k, len(BOND_NAMES)), np.int64)
        for i, names in enumerate(fragment.attachments):
            for name in names:
                attachments[i, BOND_NAMES.index(name)] += 1
        marked = np.array([fragment.marked(piece) for piece in fragment.pieces])
        return cls(atoms, bonds, len(set(fragment.pieces)), marked, attachments, fragment)

    @property
    def leaving(self) -> Array:
        """Number of bonds that leave each atom; -1 where that is not said ``(k,)``."""
        return np.where(self.marked, self.attachments.sum(1), -1)

    @property
    def smallest(self) -> int:
        """Fewest atoms of a molecule: one is added per attachment point, but for those that join pieces."""
        return len(self.atoms) + max(1, int(self.attachments.sum()) - self.pieces + 1)


class GivenGuard:
    """Which bonds of a new atom may be chosen so that the given pieces end up as they are meant to.

    Bonds leave a marked piece at its attachment points alone, each used once and by a bond of its category. With a
    attachment points not used, c connected pieces and r atoms still to come after the new one, the new atom must use at
    least a - r points and join at least c - r pieces, so that later atoms can do the rest one by one. Neighbours are
    chosen from the last to the first, so a choice that leaves too few before it is not allowed.

    Args:
        given: the pieces of each graph; a graph with none may be anything.
        graph: the partial graphs.
        sizes: atoms of each when it is whole ``(B,)``; by default as many as the partial graphs have room for.
    """

    def __init__(self, given: Sequence[Given | None], graph: PartialGraph, sizes: Array | None = None) -> None:
        rows, n = graph.distance.shape[:2]
        self.graph = graph
        self.sizes = np.full(rows, n) if sizes is None else sizes
        self.free = np.array([one is None for one in given])
        self.marked = np.zeros((rows, n), np.bool_)
        self.attachments = np.zeros((rows, n, len(BOND_NAMES)), np.int64)
        for row, one in enumerate(given):
            if one is not None:
                self.marked[row, : len(one.atoms)] = one.marked
                self.attachments[row, : len(one.atoms)] = one.attachments

    @property
    def satisfied(self) -> Mask:
        """Whether all attachment points are used and all pieces are joined ``(B,)``."""
        return (self.attachments.sum((1, 2)) == 0) & (self.graph.components == 1)

    def restrict(self, row: NDArray[Any], allowed: Mask) -> tuple[Mask, Mask]:
        """Which of the choices may be made.

        Args:
            row: categories of the bonds chosen so far ``(B, m)``.
            allowed: further choices by category of bond but none ``(B, 4, m)``.

        Returns:
            The choices that may be made ``(B, 4, m)``, and whether the atom may have no further bond ``(B,)``.
        """
        left = self.sizes - 1 - self.graph.known
        arrays = (self.free, self.marked, self.attachments, self.graph.distance, self.graph.components)
        return _restrict(row.astype(np.int64), allowed.copy(), left, *arrays)

    def add(self, row: NDArray[Any]) -> None:
        """Count the attachment points that the bonds ``(B, m)`` of a new atom use, and those that must not be left."""
        for b, j in zip(*np.nonzero(row), strict=True):
            if self.marked[b, j]:
                self.attachments[b, j, row[b, j]] -= 1


@compiled
def _restrict(
    row: Array,
    allowed: Mask,
    left: Array,
    free: Mask,
    marked: Mask,
    attachments: Array,
    distance: NDArray[np.int16],
    pieces: Array,
) -> tuple[Mask, Mask]:
    rows, kinds, m = allowed.shape
    stop = np.zeros(rows, np.bool_)
    piece = np.zeros(m, np.int64)
    for b in range(rows):
        if free[b]:
            stop[b] = True
            continue
        open_points = joined = 0
        touched = np.zeros(m, np.bool_)
        for j in range(m):
            piece[j] = j
            for i in range(j):
                if distance[b, i, j] < FAR:
                    piece[j] = i
                    break
            for kind in range(kinds):
                used = row[b, j] == kind + 1
                points = attachments[b, j, kind + 1] - (1 if used and marked[b, j] else 0)
                open_points += points
                if marked[b, j] and points <= 0:
                    allowed[b, kind, j] = False
            if row[b, j] and not touched[piece[j]]:
                touched[piece[j]] = True
                joined += 1
        points_needed = open_points - left[b]
        joins_needed = max(1, pieces[b] - left[b]) - joined
        stop[b] = points_needed <= 0 and joins_needed <= 0
        points_before = joins_before = 0
        seen = touched.copy()
        for j in range(m):
            possible = False
            for kind in range(kinds):
                possible |= allowed[b, kind, j]
            if not possible:
                continue
            new = not touched[piece[j]]
            counted = new and seen[piece[j]]  # an atom before it would join the same piece
            points = points_before + (1 if marked[b, j] else 0)
            joins = joins_before + (1 if new and not counted else 0)
            if points < points_needed or joins < joins_needed:
                allowed[b, :, j] = False
            points_before = points
            if new and not counted:
                seen[piece[j]] = True
                joins_before += 1
    return allowed, stop
