"""A part of one molecule joined to a part of another (Jensen, 2019)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from rdkit import Chem

from molgen.features.ring_oddities import LARGEST
from molgen.optimisation.genetic.editing import Parent, finished, neutral_bonds, parent

_AT_A_RING = 0.3
"""Share of crossovers that cut rings."""
_ELSEWHERE = 0.2
"""Share of the others that join the second part to any atom of the first instead of where that was cut."""
_EXTRA = 5
"""Most heavy atoms that a child has more than the larger parent."""


@dataclass(frozen=True)
class _Part:
    """A connected part of a molecule.

    Attributes:
        mol: the part alone, with alternating bonds.
        ends: its atoms where bonds were cut.
        orders: what the bonds were.
    """

    mol: Chem.Mol
    ends: tuple[int, ...]
    orders: tuple[Chem.BondType, ...]


def crossed(first: str, second: str, draw: np.random.Generator) -> str | None:
    """A child of two molecules: each is cut at a single bond that is in no ring, or at two bonds of a ring, and a
    part of the one is joined to a part of the other.

    Args:
        first: SMILES.
        second: SMILES.
        draw: randomness.

    Returns:
        Canonical SMILES; None where the parents cannot be cut so, or the child is not valid.

    Example:
        >>> draw = np.random.default_rng(0)
        >>> sorted({child for _ in range(50) if (child := crossed("CCO", "NCCl", draw))})[:3]
        ['CCCCl', 'CCCN', 'CCCl']
    """
    parents = parent(first), parent(second)
    cut = _cut_at_a_ring if draw.random() < _AT_A_RING else _cut_at_a_bond
    parts = cut(parents[0], draw), cut(parents[1], draw)
    if parts[0] is None or parts[1] is None:
        return None
    most = max(one.mol.GetNumAtoms() for one in parents) + _EXTRA
    if parts[0].mol.GetNumAtoms() + parts[1].mol.GetNumAtoms() > most:
        return None
    return finished(_joined(parts[0], parts[1], draw), max(LARGEST, *(one.largest_ring for one in parents)))


def _cut_at_a_bond(whole: Parent, draw: np.random.Generator) -> _Part | None:
    bonds = whole.bonds
    if not bonds:
        return None
    ends = bonds[draw.integers(len(bonds))]
    end = ends[draw.integers(2)]
    return _part(whole.mol, whole.side(end, [ends]), (end,), (Chem.BondType.SINGLE,))


def _cut_at_a_ring(whole: Parent, draw: np.random.Generator) -> _Part | None:
    """Half of a molecule that is cut at two bonds of a ring; None where that leaves it in one part."""
    mol = whole.mol
    rings = mol.GetRingInfo().BondRings()
    if not rings:
        return None
    ring = rings[draw.integers(len(rings))]
    bonds = neutral_bonds(mol, draw.choice(ring, 2, replace=False).tolist())
    if len(bonds) < 2:
        return None
    ends = [(bond.GetBeginAtomIdx(), bond.GetEndAtomIdx()) for bond in bonds]
    begin = whole.side(0, ends)
    if len(begin) == mol.GetNumAtoms():
        return None
    kept = begin if draw.integers(2) == 0 else set(range(mol.GetNumAtoms())) - begin
    inside = tuple(one if one in kept else other for one, other in ends)
    return _part(mol, kept, inside, tuple(bond.GetBondType() for bond in bonds))


def _part(mol: Chem.RWMol, kept: set[int], ends: tuple[int, ...], orders: tuple[Chem.BondType, ...]) -> _Part:
    part = Chem.RWMol(mol)
    part.BeginBatchEdit()
    for atom in range(mol.GetNumAtoms()):
        if atom not in kept:
            part.RemoveAtom(atom)
    part.CommitBatchEdit()
    new = {atom: number for number, atom in enumerate(sorted(kept))}
    return _Part(part, tuple(new[end] for end in ends), orders)


def _joined(first: _Part, second: _Part, draw: np.random.Generator) -> Chem.RWMol:
    """Both parts, with a bond for each that was cut."""
    shift = first.mol.GetNumAtoms()
    mol = Chem.RWMol(Chem.CombineMols(first.mol, second.mol))
    ends, others = list(first.ends), [end + shift for end in second.ends]
    if len(ends) == 1 and draw.random() < _ELSEWHERE:
        ends = [int(draw.integers(shift))]
    orders = first.orders if draw.random() < 0.5 else second.orders
    if draw.random() < 0.5:
        others.reverse()
    for end, other, order in zip(ends, others, orders, strict=True):
        if mol.GetBondBetweenAtoms(end, other) is None:
            mol.AddBond(end, other, order)
    return mol
