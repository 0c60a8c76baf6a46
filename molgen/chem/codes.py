"""Feature codes of atoms and bonds, for the Hamming distance of the hamming transition."""

from __future__ import annotations

from rdkit import Chem

from molgen.chem.bonds import Bond


def atom_code(atom: Chem.Atom) -> tuple[object, ...]:
    """Code of an atom: element, formal charge, aromaticity, explicit hydrogens."""
    return atom.GetAtomicNum(), atom.GetFormalCharge(), atom.GetIsAromatic(), atom.GetNumExplicitHs()


def bond_code(bond: Bond) -> tuple[object, ...]:
    """Code of a bond by its name in `BOND_NAMES`: order, aromaticity."""
    return bond.order, bond.type == Chem.BondType.AROMATIC
