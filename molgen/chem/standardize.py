"""From a SMILES string as people write it to one molecule in one form, or a named refusal."""

from __future__ import annotations

from dataclasses import dataclass

from rdkit import Chem, rdBase

from molgen.errors import MoleculeError

rdBase.DisableLog("rdApp.*")


@dataclass(frozen=True)
class Limits:
    """What is refused before RDKit sees it (it crashes on a 20,000-atom chain) and after.

    Attributes:
        max_length: longest SMILES read, in characters.
        max_atoms: largest molecule kept, in heavy atoms.
    """

    max_length: int = 1000
    max_atoms: int = 128


DEFAULT_LIMITS = Limits()


def parse(smiles: str, limits: Limits = DEFAULT_LIMITS) -> Chem.Mol:
    """Parse and sanitise one SMILES.

    Raises:
        MoleculeError: with reason ``empty``, ``whitespace``, ``too_long`` or ``unparsable``.
    """
    if not smiles:
        raise MoleculeError("empty", "empty SMILES")
    if smiles.split() != [smiles] or "\x00" in smiles:
        raise MoleculeError("whitespace", f"SMILES contains white space: {smiles[:60]!r}")
    if len(smiles) > limits.max_length:
        raise MoleculeError("too_long", f"SMILES longer than {limits.max_length} characters: {smiles[:40]}...")
    try:
        mol = Chem.MolFromSmiles(smiles)
    except (ValueError, RuntimeError) as error:
        raise MoleculeError("unparsable", f"RDKit refuses {smiles[:60]!r}: {error}") from None
    if mol is None:
        raise MoleculeError("unparsable", f"RDKit cannot read {smiles[:60]!r}")
    return mol


def has_stereo(smiles: str) -> bool:
    """Whether a SMILES carries any stereo mark."""
    return any(mark in smiles for mark in "@/\\")


def standardize(smiles: str, limits: Limits = DEFAULT_LIMITS) -> Chem.Mol:
    """One connected molecule without stereo, explicit hydrogens or atom maps.

    Nothing is repaired: what does not fit is refused with its reason. What a SMILES does not write it does not hold,
    so the slower looks at the molecule are taken only where the text calls for them.

    Raises:
        MoleculeError: reasons of `parse`, ``no_atoms``, ``too_many_atoms``, ``fragments`` or ``dative_bond``.
    """
    mol = parse(smiles, limits)
    if mol.GetNumHeavyAtoms() > limits.max_atoms:
        raise MoleculeError("too_many_atoms", f"more than {limits.max_atoms} heavy atoms: {smiles[:60]}")
    if mol.GetNumAtoms() == 0:
        raise MoleculeError("no_atoms", f"no atoms in {smiles[:60]!r}")
    if has_stereo(smiles):
        Chem.RemoveStereochemistry(mol)
    if ":" in smiles:
        for atom in mol.GetAtoms():
            atom.SetAtomMapNum(0)
    if "." in smiles and len(Chem.GetMolFrags(mol)) > 1:
        raise MoleculeError("fragments", f"more than one fragment: {smiles[:60]}")
    if any(mark in smiles for mark in "<>$~") and any(b.GetBondType() not in _COVALENT for b in mol.GetBonds()):
        raise MoleculeError("dative_bond", f"a bond that is neither single, double, triple nor aromatic: {smiles[:60]}")
    return mol


_COVALENT = frozenset({Chem.BondType.SINGLE, Chem.BondType.DOUBLE, Chem.BondType.TRIPLE, Chem.BondType.AROMATIC})


def canonical_smiles(smiles: str, limits: Limits = DEFAULT_LIMITS) -> str:
    """Canonical SMILES without stereo of a standardised molecule.

    Raises:
        MoleculeError: as `standardize`.
    """
    return str(Chem.MolToSmiles(standardize(smiles, limits)))
