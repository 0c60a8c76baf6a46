"""Small random changes of a molecule."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from rdkit import Chem

from molgen.features.ring_oddities import LARGEST
from molgen.optimisation.genetic.editing import (
    charged_atoms,
    editable,
    finished,
    neutral_bonds,
    open_bonds,
    parent,
)

_ELEMENTS = {6: 4.0, 7: 2.0, 8: 2.0, 16: 1.0, 9: 1.0, 17: 1.0, 35: 0.5, 15: 0.2, 53: 0.2, 5: 0.1}
"""Elements by atomic number, and how often an atom becomes each."""
_BETWEEN = {6: 4.0, 7: 2.0, 8: 2.0, 16: 1.0, 15: 0.2, 5: 0.1}
"""The same for atoms between others."""
_SINGLE, _DOUBLE = Chem.BondType.SINGLE, Chem.BondType.DOUBLE
_ORDERS = (_SINGLE, _DOUBLE, Chem.BondType.TRIPLE)
_SPAN = range(2, 7)
"""Bonds between two atoms that are joined, to close a ring of 3 to 7 atoms."""

_Change = Callable[[Chem.RWMol, np.random.Generator], bool]


def mutated(smiles: str, draw: np.random.Generator, changes: int = 1) -> str | None:
    """A molecule after random changes of its atoms and bonds.

    An atom becomes another element, is added, put into a bond or taken out; a bond changes its order; a ring is closed
    or opened; a group moves to another atom. Atoms with a charge stay as they are.

    Args:
        smiles: of the molecule.
        draw: randomness.
        changes: how many, one after the other.

    Returns:
        Canonical SMILES; None where the molecule cannot be changed so, or is not valid afterwards.

    Example:
        >>> draw = np.random.default_rng(0)
        >>> sorted({child for _ in range(200) if (child := mutated("CCO", draw))})[:4]
        ['BCCO', 'BOCC', 'C#CO', 'C1CO1']
    """
    mol = editable(smiles)
    for _ in range(changes):
        change = _CHANGES[draw.choice(len(_CHANGES), p=_SHARES)]
        if not change(mol, draw):
            return None
        Chem.FastFindRings(mol)
    return finished(mol, max(LARGEST, parent(smiles).largest_ring))


def _element(draw: np.random.Generator, weights: dict[int, float] = _ELEMENTS) -> int:
    shares = np.array(list(weights.values()))
    return int(draw.choice(list(weights), p=shares / shares.sum()))


def _uncharged(mol: Chem.Mol) -> list[int]:
    charged = charged_atoms(mol)
    return [atom for atom in range(mol.GetNumAtoms()) if atom not in charged]


def _replace_atom(mol: Chem.RWMol, draw: np.random.Generator) -> bool:
    if not (atoms := _uncharged(mol)):
        return False
    mol.GetAtomWithIdx(int(draw.choice(atoms))).SetAtomicNum(_element(draw))
    return True


def _add_atom(mol: Chem.RWMol, draw: np.random.Generator) -> bool:
    """Mostly by a single bond."""
    if not (atoms := _uncharged(mol)):
        return False
    new = mol.AddAtom(Chem.Atom(_element(draw)))
    mol.AddBond(int(draw.choice(atoms)), new, _DOUBLE if draw.random() < 0.2 else _SINGLE)
    return True


def _insert_atom(mol: Chem.RWMol, draw: np.random.Generator) -> bool:
    """Into a single bond."""
    bonds = [bond for bond in neutral_bonds(mol) if bond.GetBondType() == _SINGLE]
    if not bonds:
        return False
    bond = bonds[draw.integers(len(bonds))]
    begin, end = bond.GetBeginAtomIdx(), bond.GetEndAtomIdx()
    mol.RemoveBond(begin, end)
    new = mol.AddAtom(Chem.Atom(_element(draw, _BETWEEN)))
    mol.AddBond(begin, new, _SINGLE)
    mol.AddBond(new, end, _SINGLE)
    return True


def _remove_atom(mol: Chem.RWMol, draw: np.random.Generator) -> bool:
    """One at an end, or one between two others, which are then joined."""
    atoms = [atom for atom in _uncharged(mol) if mol.GetAtomWithIdx(atom).GetDegree() <= 2]
    if not atoms or mol.GetNumAtoms() < 2:
        return False
    atom = int(draw.choice(atoms))
    numbers = [bond.GetIdx() for bond in mol.GetAtomWithIdx(atom).GetBonds()]
    bonds = neutral_bonds(mol, numbers)
    if len(bonds) < len(numbers):
        return False
    if len(bonds) == 2:
        begin, end = (bond.GetOtherAtomIdx(atom) for bond in bonds)
        if mol.GetBondBetweenAtoms(begin, end) is not None:
            return False
        mol.AddBond(begin, end, min((bond.GetBondType() for bond in bonds), key=int))
    mol.RemoveAtom(atom)
    return True


def _change_bond(mol: Chem.RWMol, draw: np.random.Generator) -> bool:
    if not (bonds := neutral_bonds(mol)):
        return False
    bond = bonds[draw.integers(len(bonds))]
    others = [order for order in _ORDERS if order != bond.GetBondType()]
    bond.SetBondType(others[int(draw.random() < 0.2)])
    return True


def _close_ring(mol: Chem.RWMol, draw: np.random.Generator) -> bool:
    if not (atoms := _uncharged(mol)):
        return False
    begin = int(draw.choice(atoms))
    away = Chem.GetDistanceMatrix(mol, force=True)[begin].tolist()
    ends = [atom for atom in atoms if away[atom] in _SPAN]
    if not ends:
        return False
    mol.AddBond(begin, int(draw.choice(ends)), _SINGLE)
    return True


def _open_ring(mol: Chem.RWMol, draw: np.random.Generator) -> bool:
    if not (bonds := [bond for bond in neutral_bonds(mol) if bond.IsInRing()]):
        return False
    bond = bonds[draw.integers(len(bonds))]
    mol.RemoveBond(bond.GetBeginAtomIdx(), bond.GetEndAtomIdx())
    return True


def _move_group(mol: Chem.RWMol, draw: np.random.Generator) -> bool:
    """From its place on the larger side of a single bond to another one."""
    if not (bonds := open_bonds(mol)):
        return False
    begin, end = bonds[draw.integers(len(bonds))]
    mol.RemoveBond(begin, end)
    sides = sorted(Chem.GetMolFrags(mol), key=len)
    group = begin if begin in sides[0] else end
    mol.AddBond(group, int(draw.choice(sides[1])), _SINGLE)
    return True


_CHANGES: tuple[_Change, ...] = (
    _replace_atom,
    _add_atom,
    _insert_atom,
    _remove_atom,
    _change_bond,
    _close_ring,
    _open_ring,
    _move_group,
)
_SHARES = np.array([0.2, 0.2, 0.1, 0.15, 0.1, 0.08, 0.05, 0.12])
