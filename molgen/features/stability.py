"""Atom stability (EDM, DiGress), also of invalid attempts."""

from __future__ import annotations

import contextlib

from rdkit import Chem

from molgen.chem.standardize import parse
from molgen.errors import MoleculeError
from molgen.features.record import MoleculeRecord

_VALENCES: dict[str, dict[int, tuple[int, ...]]] = {
    "H": {0: (1,), 1: (0,), -1: (0,)},
    "C": {0: (3, 4), 1: (3,), -1: (3,)},
    "N": {0: (2, 3), 1: (2, 3, 4), -1: (2,)},
    "O": {0: (2,), 1: (3,), -1: (1,)},
    "F": {0: (1,), -1: (0,)},
    "B": {0: (3,)},
    "Si": {0: (4,)},
    "P": {0: (3, 5), 1: (4,)},
    "S": {0: (2, 4, 6), 1: (2, 3), -1: (1,)},
    "Cl": {0: (1,)},
    "Br": {0: (1,)},
    "I": {0: (1,)},
}
"""Bond orders that an atom may have in all, hydrogens included, by charge."""


def stable_atoms(record: MoleculeRecord) -> tuple[int, int]:
    """Number of stable heavy atoms and of all heavy atoms; (0, 0) where the string cannot be parsed.

    As in EDM and DiGress, an atom is stable if its bond orders add up to one of its element's valences. SMILES leave
    hydrogens out, so an atom outside brackets is stable if adding hydrogens can reach such a valence. Aromatic atoms
    count with alternating bonds; if there are no alternating bonds, they are not stable.
    """
    try:
        mol = parse(record.text, sanitize=False)
    except MoleculeError:
        return 0, 0
    with contextlib.suppress(ValueError, RuntimeError):  # atoms left aromatic are counted as not stable below
        Chem.Kekulize(mol, clearAromaticFlags=True)
    heavy = [atom for atom in mol.GetAtoms() if atom.GetAtomicNum() != 1]
    return sum(_stable(atom) for atom in heavy), len(heavy)


def _stable(atom: Chem.Atom) -> bool:
    allowed = _VALENCES.get(atom.GetSymbol(), {}).get(atom.GetFormalCharge())
    if allowed is None or atom.GetIsAromatic():
        return False
    order = sum(bond.GetBondTypeAsDouble() for bond in atom.GetBonds()) + atom.GetNumExplicitHs()
    return order in allowed if atom.GetNoImplicit() else order <= max(allowed)
