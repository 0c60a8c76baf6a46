"""Strict validity: the whole graph is one valid molecule, without repair."""

from __future__ import annotations

from rdkit import Chem

from molgen.chem.standardize import DEFAULT_LIMITS, Limits, connected
from molgen.errors import MoleculeError

_RDKIT_REFUSES = (ValueError, RuntimeError)


def strict_smiles(mol: Chem.Mol) -> str | None:
    """Canonical SMILES of a molecule that passes RDKit's sanitisation, is one fragment and reads back; else None.

    Nothing is repaired, no fragment is chosen. `mol` is not changed.
    """
    read = strict_molecule(mol)
    return None if read is None else str(Chem.MolToSmiles(read))


def strict_molecule(mol: Chem.Mol) -> Chem.Mol | None:
    """A molecule as RDKit reads it back, whose SMILES is that of `strict_smiles`; None where that is None."""
    if mol.GetNumAtoms() == 0:
        return None
    mol = Chem.Mol(mol)
    try:
        Chem.SanitizeMol(mol)
    except _RDKIT_REFUSES:
        return None
    if len(Chem.GetMolFrags(mol)) != 1:
        return None
    return _reread(mol)


def read_strict(smiles: str, limits: Limits = DEFAULT_LIMITS) -> str:
    """Canonical SMILES of a strictly valid SMILES, else None; stereo and atom maps are dropped.

    Raises:
        MoleculeError: it is not strictly valid, with the reason.
    """
    found = _reread(connected(smiles, limits))
    if found is None:
        raise MoleculeError("unparsable", f"RDKit does not read what it writes of {smiles[:60]}")
    return str(Chem.MolToSmiles(found))


def strict_from_smiles(smiles: str, limits: Limits = DEFAULT_LIMITS) -> str | None:
    """`read_strict`, None where the molecule is not strictly valid."""
    try:
        return read_strict(smiles, limits)
    except MoleculeError:
        return None


def _reread(mol: Chem.Mol) -> Chem.Mol | None:
    """A molecule from its SMILES, since RDKit's canonical SMILES is not always stable at first."""
    return Chem.MolFromSmiles(Chem.MolToSmiles(mol))


def raw_smiles(mol: Chem.Mol) -> str:
    """SMILES of a molecule, valid or not, without changes: for files of raw attempts.

    What is invalid as drawn is invalid as written.
    """
    sane = Chem.Mol(mol)
    try:
        Chem.SanitizeMol(sane)
    except _RDKIT_REFUSES:
        sane = Chem.Mol(mol)  # sanitisation stops half way
        sane.UpdatePropertyCache(strict=False)
        if strict_from_smiles(str(Chem.MolToSmiles(sane))) is not None:  # RDKit left out an aromatic bond
            return str(Chem.MolToSmiles(sane, allBondsExplicit=True))
    return str(Chem.MolToSmiles(sane))
