"""From a SMILES string as people write it to one molecule in one form, or a named refusal."""

from __future__ import annotations

import re
from dataclasses import dataclass

from rdkit import Chem, rdBase

from molgen.errors import MoleculeError

rdBase.DisableLog("rdApp.*")


@dataclass(frozen=True)
class Limits:
    """What is refused before RDKit reads it (it crashes on a 20,000-atom chain) and after.

    Attributes:
        max_length: longest SMILES read, in characters.
        max_atoms: largest molecule kept, in heavy atoms.
    """

    max_length: int = 1000
    max_atoms: int = 128


DEFAULT_LIMITS = Limits()

_INVISIBLE = " \t\r\n\f\v\u00a0\u200b\u200c\u200d\u2060\ufeff"
_EXTENSION = re.compile(r"(\S+)\s+\|.*\|", re.DOTALL)
_BRACKETS = re.compile(r"\[[^\]]*\]")


def bare_smiles(text: str) -> str:
    """The SMILES in a text: without blanks around it and without a CXSMILES extension behind it.

    >>> bare_smiles(" CCO |$_AP1;;$|")
    'CCO'
    """
    text = text.strip(_INVISIBLE).strip()
    found = _EXTENSION.fullmatch(text) if text.endswith("|") else None
    return found[1] if found else text


def parse(text: str, limits: Limits = DEFAULT_LIMITS, sanitize: bool = True) -> Chem.Mol:
    """Parse one SMILES: the only reading of a SMILES in molgen.

    Blanks around it and a CXSMILES extension are no part of it. Atom maps are removed: they number atoms and do not
    make another molecule.

    Args:
        text: with one SMILES.
        limits: its longest length.
        sanitize: check valences and find aromatic rings; without, what is drawn is taken as it is.

    Raises:
        MoleculeError: with reason ``empty``, ``whitespace``, ``too_long``, ``unparsable``, ``no_atoms`` or ``dummy``.
    """
    smiles = bare_smiles(text)
    if not smiles:
        raise MoleculeError("empty", "empty SMILES")
    if smiles.split() != [smiles] or "\x00" in smiles:
        raise MoleculeError("whitespace", f"SMILES contains white space: {smiles[:60]!r}")
    if len(smiles) > limits.max_length:
        raise MoleculeError("too_long", f"SMILES longer than {limits.max_length} characters: {smiles[:40]}...")
    try:
        mol = Chem.MolFromSmiles(smiles, sanitize=sanitize)
    except (ValueError, RuntimeError) as error:
        raise MoleculeError("unparsable", f"RDKit refuses {smiles[:60]!r}: {error}") from None
    if mol is None:
        raise MoleculeError("unparsable", f"RDKit cannot read {smiles[:60]!r}")
    if mol.GetNumAtoms() == 0:
        raise MoleculeError("no_atoms", f"no atoms in {smiles[:60]!r}")
    if ("*" in smiles or "#" in smiles) and any(atom.GetAtomicNum() == 0 for atom in mol.GetAtoms()):
        raise MoleculeError("dummy", f"a dummy atom, which stands for any: {smiles[:60]}")
    if ":" in smiles:
        _refuse_aromatic_chains(smiles)
        for atom in mol.GetAtoms():
            atom.SetAtomMapNum(0)
    return mol


def parsed_or_none(text: str) -> Chem.Mol | None:
    """As `parse`, None where there is no molecule.

    >>> parsed_or_none("C1CC") is None
    True
    """
    try:
        return parse(text)
    except MoleculeError:
        return None


def _refuse_aromatic_chains(smiles: str) -> None:
    """Refuse an aromatic bond outside every ring, which RDKit would quietly read as a single bond.

    It is in what is drawn, before sanitisation; such a bond is written as a colon outside brackets.
    """
    if ":" not in _BRACKETS.sub("", smiles):
        return
    drawn = Chem.MolFromSmiles(smiles, sanitize=False)
    Chem.FastFindRings(drawn)
    if any(bond.GetBondType() == Chem.BondType.AROMATIC and not bond.IsInRing() for bond in drawn.GetBonds()):
        raise MoleculeError("unparsable", f"an aromatic bond outside a ring: {smiles[:60]}")


def has_stereo(smiles: str) -> bool:
    """Whether a SMILES carries any stereo mark."""
    return any(mark in smiles for mark in "@/\\")


def connected(text: str, limits: Limits = DEFAULT_LIMITS) -> Chem.Mol:
    """One connected molecule without stereo, explicit hydrogens or atom maps. Nothing is repaired.

    Raises:
        MoleculeError: reasons of `parse`, or ``fragments``.
    """
    mol = parse(text, limits)
    if "." in text and len(Chem.GetMolFrags(mol)) > 1:
        raise MoleculeError("fragments", f"more than one fragment: {text.strip()[:60]}")
    if has_stereo(text):
        Chem.RemoveStereochemistry(mol)
    return mol


def standardize(smiles: str, limits: Limits = DEFAULT_LIMITS) -> Chem.Mol:
    """One connected molecule that can be a graph of molgen: not too large, bonds single, double, triple or aromatic.

    What does not fit is refused with its reason. The slower checks run only where the text has what they check.

    Raises:
        MoleculeError: reasons of `connected`, ``too_many_atoms`` or ``dative_bond``.
    """
    mol = connected(smiles, limits)
    if mol.GetNumHeavyAtoms() > limits.max_atoms:
        raise MoleculeError("too_many_atoms", f"more than {limits.max_atoms} heavy atoms: {smiles[:60]}")
    # Sanitisation makes some bonds to metals dative, which stand in brackets.
    if any(mark in smiles for mark in "[<>$~") and any(b.GetBondType() not in _COVALENT for b in mol.GetBonds()):
        raise MoleculeError("dative_bond", f"a bond that is neither single, double, triple nor aromatic: {smiles[:60]}")
    return mol


_COVALENT = frozenset({Chem.BondType.SINGLE, Chem.BondType.DOUBLE, Chem.BondType.TRIPLE, Chem.BondType.AROMATIC})


def canonical_smiles(smiles: str, limits: Limits = DEFAULT_LIMITS) -> str:
    """Canonical SMILES without stereo of a standardised molecule.

    Raises:
        MoleculeError: as `standardize`.
    """
    return str(Chem.MolToSmiles(standardize(smiles, limits)))
