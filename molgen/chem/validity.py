"""The definitions of validity that papers use."""

from __future__ import annotations

from dataclasses import dataclass

from rdkit import Chem

from molgen.chem.standardize import DEFAULT_LIMITS, Limits, parse
from molgen.chem.strict import strict_from_smiles
from molgen.errors import MoleculeError

_USUAL_VALENCE = {7: 3, 8: 2, 16: 2}


@dataclass(frozen=True)
class Validity:
    """One attempt under each definition.

    Attributes:
        smiles: canonical SMILES if strictly valid, else None.
        sanitize: sanitises; fragments allowed.
        largest_fragment: sanitises, and its largest fragment reads back (DiGress, DeFoG).
        relaxed: is one fragment that sanitises after over-valent N, O and S got a charge of +1 (DeFoG on ZINC).
    """

    smiles: str | None
    sanitize: bool
    largest_fragment: bool
    relaxed: bool

    @property
    def strict(self) -> bool:
        """One fragment, sanitises, reads back."""
        return self.smiles is not None


def judge(smiles: str, limits: Limits = DEFAULT_LIMITS) -> Validity:
    """Validity of one attempt. A string that RDKit cannot parse is invalid under every definition."""
    strict = strict_from_smiles(smiles, limits)
    if strict is not None:
        return Validity(strict, True, True, True)
    try:
        drawn = parse(smiles, limits, sanitize=False)
    except MoleculeError:
        return Validity(None, False, False, False)
    try:
        mol = parse(smiles, limits)
    except MoleculeError:
        return Validity(None, False, False, _relaxed(drawn))
    return Validity(None, True, _largest_reads_back(mol), _relaxed(drawn))


def _largest_reads_back(mol: Chem.Mol) -> bool:
    largest = max(Chem.GetMolFrags(mol, asMols=True), key=lambda fragment: fragment.GetNumAtoms())
    return Chem.MolFromSmiles(Chem.MolToSmiles(largest)) is not None


def _relaxed(mol: Chem.Mol) -> bool:
    if len(Chem.GetMolFrags(mol)) != 1:
        return False
    for atom in mol.GetAtoms():
        usual = _USUAL_VALENCE.get(atom.GetAtomicNum())
        order = sum(bond.GetBondTypeAsDouble() for bond in atom.GetBonds()) + atom.GetNumExplicitHs()
        if usual is not None and atom.GetFormalCharge() == 0 and order == usual + 1:
            atom.SetFormalCharge(1)
    try:
        Chem.SanitizeMol(mol)
    except (ValueError, RuntimeError):
        return False
    return Chem.MolFromSmiles(Chem.MolToSmiles(mol)) is not None
