"""Feature codes of atoms and bonds, between which the hamming transition measures distance."""

from __future__ import annotations

from rdkit import Chem

_BOND_CODES: dict[str, tuple[object, ...]] = {
    "none": (0, False),
    "single": (1, False),
    "double": (2, False),
    "triple": (3, False),
    "aromatic": (1.5, True),
}


def atom_code(atom: Chem.Atom) -> tuple[object, ...]:
    """Element, formal charge, aromaticity, stated hydrogens."""
    return atom.GetAtomicNum(), atom.GetFormalCharge(), atom.GetIsAromatic(), atom.GetNumExplicitHs()


def bond_code(name: str) -> tuple[object, ...]:
    """Order, aromaticity."""
    return _BOND_CODES[name]
