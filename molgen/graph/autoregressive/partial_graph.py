"""A graph as it is uncovered atom after atom: what can be told of each atom at each moment."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from molgen.chem.bonds import BOND_NAMES, ORDERS
from molgen.graph.autoregressive.aromatic import Aromatic, aromatic_states
from molgen.graph.autoregressive.outlook import Rings, rings_before

BONDS = len(BOND_NAMES)
_HALF_ORDERS = tuple(round(2 * order) for order in ORDERS)
"""Twice the valence that a bond of each category takes; aromatic ones count 1.5."""
_FAR = 64
_NEAR = 8

USED = 14
"""Twice the valence used by the bonds uncovered: 0 to 12, then more."""
RELATIONS = BONDS + _NEAR + 1
"""Itself, the four bonds, distances of 2 to 8 bonds, longer ones, unconnected."""


class Growth:
    """Graphs of which more and more atoms are known.

    Args:
        rows: number of graphs.
        size: atoms of each when all are known.
        device: where.
    """

    def __init__(self, rows: int, size: int, device: torch.device) -> None:
        self.known = 0
        self.distance = torch.full((rows, size, size), _FAR, dtype=torch.int16, device=device)
        self.taken = torch.zeros(rows, size, dtype=torch.int64, device=device)
        self.orders = torch.tensor(_HALF_ORDERS, device=device)

    def add(self, bonds: Tensor) -> None:
        """Uncover one more atom.

        Args:
            bonds: categories of its bonds to the atoms known ``(B, known)``, in the order they were uncovered in.
        """
        m = self.known
        if m:
            before = self.distance[:, :m, :m]
            apart = torch.where((bonds > 0)[:, :, None], before, _FAR).amin(1).add_(1).clamp_(max=_FAR)
            torch.minimum(before, apart[:, :, None] + apart[:, None, :], out=before)
            self.distance[:, m, :m] = self.distance[:, :m, m] = apart
            halves = self.orders[bonds]
            self.taken[:, :m] += halves
            self.taken[:, m] = halves.sum(1)
        self.distance[:, m, m] = 0
        self.known += 1

    def relations(self, atoms: Tensor) -> Tensor:
        """Relation ``(B, r, known)`` of some atoms ``(B, r)`` to all that are known; bonds count as a distance of 1."""
        rows = self.distance[:, :, : self.known].gather(1, atoms[:, :, None].expand(-1, -1, self.known).long())
        return _relation(rows.long())

    def used(self) -> Tensor:
        """Valence used, 0 to `USED` - 1, ``(B, known)``."""
        return self.taken[:, : self.known].clamp(max=USED - 1)


def _relation(distance: Tensor) -> Tensor:
    """Number of a relation: 0 for itself, 1 for bonds of any kind, and from `BONDS` on for distances from 2 on."""
    longer = distance.clamp(max=_NEAR + 1) + BONDS - 2
    return torch.where(distance >= _FAR, RELATIONS - 1, torch.where(distance < 2, distance, longer))


@dataclass(frozen=True)
class History:
    """All moments of the uncovering of graphs of n atoms, atoms and bonds in the order they are uncovered in.

    Attributes:
        relations: of atom m to atom k <= m when m has just been uncovered, its bonds by category, ``(B, n, n)``.
        used: valence that atom k uses when m has just been uncovered, ``(B, n, n)``.
        neighbours: those of atom m among the atoms before it, last place first, ``(B, n, R)``; 0 beyond their number.
        kinds: categories of the bonds to them, ``(B, n, R)``; 0 beyond their number.
        around: relation of each of those neighbours to all atoms k < m just before m is uncovered, ``(B, n, R, n)``.
        aromatic: what the rings of all atoms k <= m lack when m has just been uncovered.
        rings: the rings of all atoms k < m just before m is uncovered.
    """

    relations: Tensor
    used: Tensor
    neighbours: Tensor
    kinds: Tensor
    around: Tensor
    aromatic: Aromatic
    rings: Rings


def history(bonds: Tensor, places: Tensor, valences: Tensor) -> History:
    """Play the uncovering of graphs.

    Args:
        bonds: ``(B, n, n)``, atoms in the order they are uncovered in.
        places: of the atoms in the molecule ``(B, n)``.
        valences: of the atoms if they are aromatic, as in `aromatic_states`, ``(B, n)``.
    """
    batch, n, _ = bonds.shape
    growth = Growth(batch, n, bonds.device)
    earlier = bonds.tril(-1)
    most = max(1, int((earlier > 0).sum(2).max()))
    by_place = torch.where(earlier > 0, places[:, None, :] + 1, 0)
    found, neighbours = by_place.topk(min(most, n), dim=2)
    neighbours = torch.where(found > 0, neighbours, 0)
    kinds = torch.where(found > 0, earlier.gather(2, neighbours), 0)
    relations = bonds.new_full((batch, n, n), RELATIONS - 1)
    used = bonds.new_zeros((batch, n, n))
    around = bonds.new_full((batch, n, neighbours.shape[2], n), RELATIONS - 1)
    for m in range(n):
        if m:
            around[:, m, :, :m] = growth.relations(neighbours[:, m])
        row = earlier[:, m, :m]
        growth.add(row)
        now = growth.relations(torch.full((batch, 1), m, device=bonds.device))[:, 0]
        now[:, :m] = torch.where(row > 0, row, now[:, :m])
        relations[:, m, : m + 1] = now
        used[:, m, : m + 1] = growth.used()
    aromatic = aromatic_states(bonds, valences)
    rings = rings_before(bonds, valences, aromatic)
    return History(relations, used, neighbours, kinds, around, aromatic, rings)
