"""Partial graphs: what the network reads of graphs of which only the first atoms are there.

The decoder adds one atom after the other; teacher forcing adds the atoms of known molecules in the same way and keeps
what is read after each. Both call `PartialGraph.add`, which works on the CPU in compiled loops.
"""

from __future__ import annotations

from typing import Any, Generic, NamedTuple, TypeVar

import numpy as np
from numpy.typing import NDArray

from molgen.chem.bonds import BOND_NAMES, ORDERS
from molgen.graph.autoregressive.aromatic import aromatic_states
from molgen.system.compiled import compiled

BONDS = len(BOND_NAMES)
_HALF_ORDERS = np.array([round(2 * order) for order in ORDERS])
"""Twice the valence that a bond of each category takes; aromatic ones count 1.5."""
FAR = 64
"""Distance of atoms that no path connects."""
_NEAR = 8

USED = 14
"""Twice the valence used by the bonds that are there: 0 to 12, then more."""
RELATIONS = BONDS + _NEAR + 1
"""Itself, the four bonds, distances of 2 to 8 bonds, longer ones, unconnected."""
GROWTH = 4
"""Of an atom: not said, or not given; no further bond leaves it; one does; two or more do."""
OPEN = 8
"""Attachment points not used yet: not said; 0 to 5; more."""
PIECES = 4
"""Connected pieces still to be joined to the first: 0 to 2, then more."""

Array = NDArray[np.int64]
T = TypeVar("T")


class Features(NamedTuple, Generic[T]):
    """What the network reads of partial graphs; a moment is when an atom has just been added.

    Arrays, or tensors of the same shapes.

    Attributes:
        relations: of the atom added last to all atoms there, 0 to `RELATIONS` - 1, ``(B, moments, n)``.
        used: valence that each atom uses, 0 to `USED` - 1, ``(B, moments, n)``.
        aromatic: state of each atom in aromatic rings, as in `aromatic_states`, ``(B, moments, n)``.
        growth: whether further bonds leave each given atom, 0 to `GROWTH` - 1, ``(B, moments, n)``.
        ends: number of open ends of aromatic rings ``(B, moments)``.
        missing: number of missing partners ``(B, moments)``.
        open: attachment points not used yet, 0 to `OPEN` - 1, ``(B, moments)``.
        pieces: connected pieces still to be joined, 0 to `PIECES` - 1, ``(B, moments)``.
    """

    relations: T
    used: T
    aromatic: T
    growth: T
    ends: T
    missing: T
    open: T
    pieces: T


class PartialGraph:
    """Graphs of which the first atoms are there.

    Args:
        rows: number of graphs.
        size: atoms of each when it is whole.
        given: number of atoms of each that are given ``(B,)``; by default none.
        pieces: number of connected pieces that they form ``(B,)``.
        leaving: of each atom the number of bonds from it to atoms that are not given, or -1 where that is not said
            ``(B, size)``.

    Attributes:
        known: number of atoms there.
        bonds: their categories ``(B, size, size)``, symmetric.
        distance: numbers of bonds between atoms, large where there is no path, ``(B, size, size)``.
        leaving: see above, less the bonds that are there.
        components: number of connected pieces; given ones are counted from the beginning ``(B,)``.
    """

    def __init__(
        self,
        rows: int,
        size: int,
        given: Array | None = None,
        pieces: Array | None = None,
        leaving: Array | None = None,
    ) -> None:
        self.known = 0
        self.given = np.zeros(rows, np.int64) if given is None else given
        self.components = np.zeros(rows, np.int64) if pieces is None else pieces.copy()
        self.leaving = np.full((rows, size), -1, np.int64) if leaving is None else leaving.copy()
        self.bonds = np.zeros((rows, size, size), np.uint8)
        self.distance = np.full((rows, size, size), FAR, np.int16)
        self.valences = np.zeros((rows, size), np.int64)
        self.used = np.zeros((rows, size), np.int64)
        self.aromatic = np.zeros((rows, size), np.int64)
        self.ends, self.missing = np.zeros(rows, np.int64), np.zeros(rows, np.int64)

    def add(self, valences: Array, bonds: NDArray[Any]) -> None:
        """Add one atom to each graph.

        Args:
            valences: of the new atoms if they are aromatic, as in `aromatic_states`, ``(B,)``.
            bonds: categories of its bonds to the atoms there ``(B, known)``.
        """
        m = self.known
        self.valences[:, m] = valences
        self.bonds[:, m, :m] = self.bonds[:, :m, m] = bonds
        _add(
            m,
            self.given,
            self.bonds,
            self.valences,
            self.components,
            self.leaving,
            self.distance,
            self.used,
            self.aromatic,
            self.ends,
            self.missing,
        )
        self.known += 1

    def features(self) -> Features[Array]:
        """What is read of the graphs as they are, with one moment."""
        last, n = self.known - 1, self.known
        relations = _relation(self.distance[:, last, :n])
        bonds = self.bonds[:, last, :n].astype(np.int64)
        said = (self.leaving[:, :n] >= 0).any(1)
        attachments = np.maximum(self.leaving, 0).sum(1)
        return Features(
            relations=np.where(bonds > 0, bonds, relations)[:, None],
            used=np.minimum(self.used[:, :n], USED - 1)[:, None],
            aromatic=self.aromatic[:, None, :n].copy(),
            growth=np.clip(self.leaving[:, :n] + 1, 0, GROWTH - 1)[:, None],
            ends=self.ends[:, None].copy(),
            missing=self.missing[:, None].copy(),
            open=np.where(said, np.minimum(attachments + 1, OPEN - 1), 0)[:, None],
            pieces=np.clip(self.components - 1, 0, PIECES - 1)[:, None],
        )

    def relations(self, atoms: Array) -> Array:
        """Relation ``(B, r, known)`` of some atoms ``(B, r)`` to all that are there; bonds count as a distance of 1."""
        rows = np.arange(len(atoms))[:, None]
        return _relation(self.distance[rows, atoms, : self.known])


def _relation(distance: NDArray[np.int16]) -> Array:
    """Number of a relation: 0 for itself, 1 for bonds of any kind, and from `BONDS` on for distances from 2 on."""
    near = distance.astype(np.int64)
    longer = np.minimum(near, _NEAR + 1) + BONDS - 2
    return np.where(near >= FAR, RELATIONS - 1, np.where(near < 2, near, longer))


@compiled
def _add(
    m: int,
    given: Array,
    bonds: NDArray[np.uint8],
    valences: Array,
    components: Array,
    leaving: Array,
    distance: NDArray[np.int16],
    used: Array,
    aromatic: Array,
    ends: Array,
    missing: Array,
) -> None:
    """Bring all that is known of graphs up to date with their atom m."""
    neighbours = np.empty(len(bonds[0]), np.int64)
    for b in range(len(bonds)):
        number, rings = 0, valences[b, m] > 0
        for k in range(m):
            if bonds[b, m, k]:
                neighbours[number] = k
                number += 1
                rings |= valences[b, k] > 0
                half = _HALF_ORDERS[bonds[b, m, k]]
                used[b, k] += half
                used[b, m] += half
                if m >= given[b] and leaving[b, k] > 0:
                    leaving[b, k] -= 1
        if m >= given[b]:
            components[b] += 1 - _components_among(neighbours[:number], distance[b])
        _add_distances(m, neighbours[:number], distance[b])
        if rings:
            found = aromatic_states(bonds[b, : m + 1, : m + 1], valences[b, : m + 1], aromatic[b, : m + 1])
            ends[b], missing[b] = found


@compiled
def _components_among(atoms: Array, distance: NDArray[np.int16]) -> int:
    """Number of connected components that some atoms belong to."""
    number = 0
    for i in range(len(atoms)):
        new = True
        for j in range(i):
            new &= distance[atoms[i], atoms[j]] >= FAR
        number += new
    return number


@compiled
def _add_distances(m: int, neighbours: Array, distance: NDArray[np.int16]) -> None:
    """Distances with atom m, which is bonded to some atoms before it."""
    distance[m, m] = 0
    for j in range(m):
        nearest = FAR
        for k in neighbours:
            nearest = min(nearest, distance[k, j] + 1)
        distance[m, j] = distance[j, m] = nearest
    if len(neighbours) > 1:
        for i in range(m):
            for j in range(i):
                through = distance[m, i] + distance[m, j]
                if through < distance[i, j]:
                    distance[i, j] = distance[j, i] = through
