"""Strict validity: the whole drawing is one molecule, unrepaired."""

from __future__ import annotations

from rdkit import Chem

from molgen.chem.standardize import DEFAULT_LIMITS, Limits, connected
from molgen.errors import MoleculeError

_RDKIT_REFUSES = (ValueError, RuntimeError)


def strict_smiles(mol: Chem.Mol) -> str | None:
    """Canonical SMILES of a drawn molecule that passes RDKit sanitisation, is one fragment and reads back; else None.

    Nothing is repaired, no fragment is chosen. `mol` is not changed.
    """
    if mol.GetNumAtoms() == 0:
        return None
    mol = Chem.Mol(mol)
    try:
        Chem.SanitizeMol(mol)
    except _RDKIT_REFUSES:
        return None
    if len(Chem.GetMolFrags(mol)) != 1:
        return None
    return _reread(str(Chem.MolToSmiles(mol)))


def strict_from_smiles(smiles: str, limits: Limits = DEFAULT_LIMITS) -> str | None:
    """The same for a molecule given as SMILES; stereo and atom maps are dropped, as everywhere in molgen."""
    try:
        return _reread(str(Chem.MolToSmiles(connected(smiles, limits))))
    except MoleculeError:
        return None


def _reread(smiles: str) -> str | None:
    """Canonical SMILES once more, since RDKit's first writing is not always its last."""
    mol = Chem.MolFromSmiles(smiles)
    return None if mol is None else str(Chem.MolToSmiles(mol))


def raw_smiles(mol: Chem.Mol) -> str:
    """SMILES of a drawn molecule, valid or not, as it stands: for files of raw attempts."""
    sane = Chem.Mol(mol)
    try:
        Chem.SanitizeMol(sane)
    except _RDKIT_REFUSES:
        sane = Chem.Mol(mol)  # sanitisation stops half way
        sane.UpdatePropertyCache(strict=False)
    return str(Chem.MolToSmiles(sane))
