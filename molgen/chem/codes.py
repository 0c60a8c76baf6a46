"""Feature codes of atoms and bonds, between which the hamming transition measures distance."""

from __future__ import annotations

from rdkit import Chem

from molgen.chem.bonds import Bond


def atom_code(atom: Chem.Atom) -> tuple[object, ...]:
    """Element, formal charge, aromaticity, stated hydrogens."""
    return atom.GetAtomicNum(), atom.GetFormalCharge(), atom.GetIsAromatic(), atom.GetNumExplicitHs()


def bond_code(bond: Bond) -> tuple[object, ...]:
    """Order, aromaticity."""
    return bond.order, bond.type == Chem.BondType.AROMATIC
