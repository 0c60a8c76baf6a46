"""One attempt with intermediate results that several features share."""

from __future__ import annotations

from functools import cached_property
from typing import Any

from rdkit import Chem

from molgen.chem.standardize import has_stereo, parsed_or_none

PATTERN_BITS = 2048


class MoleculeRecord:
    """An attempt with intermediate results that several features share, each computed once.

    The string is read as everywhere in molgen (`molgen.chem.standardize.parse`). As in the original MOSES code it is
    then written as canonical SMILES and read again, and everything is computed from the second reading, unless `again`
    is false.

    Args:
        text: as generated.
        stereo: keep stereo labels, as the original MOSES and GuacaMol code does.
        again: read it the second time.
    """

    def __init__(self, text: str, stereo: bool = True, again: bool = True) -> None:
        self.text = text
        self.stereo = stereo
        self.again = again

    @classmethod
    def of(cls, mol: Chem.Mol) -> MoleculeRecord:
        """Of a sanitised molecule, which is taken as it is."""
        record = cls("")
        record.mol = mol
        return record

    @cached_property
    def mol(self) -> Any:
        """The sanitised molecule, or None where RDKit does not read it, or not what it writes of it."""
        first = parsed_or_none(self.text)
        if first is None:
            return None
        if not self.stereo and has_stereo(self.text):
            Chem.RemoveStereochemistry(first)
        if not self.again:
            return first
        written = Chem.MolToSmiles(first)
        return first if written == self.text else Chem.MolFromSmiles(written)  # the same is not read twice

    @cached_property
    def canonical(self) -> str:
        """Canonical SMILES of `mol`, with the stereo labels that were kept."""
        return str(Chem.MolToSmiles(self.mol))

    @cached_property
    def flat(self) -> str:
        """Canonical SMILES without stereo labels; where they were kept, without isotopes too, as in GuacaMol's code."""
        return self.canonical if not self.stereo else str(Chem.MolToSmiles(self.mol, isomericSmiles=False))

    @cached_property
    def flat_mol(self) -> Chem.Mol:
        """The molecule read from `flat`; where RDKit does not read that, as that of isotopes of hydrogen, `mol`."""
        read = None if self.flat == self.canonical else Chem.MolFromSmiles(self.flat)
        return self.mol if read is None else read

    @cached_property
    def hydrogens(self) -> Chem.Mol:
        """The molecule with explicit hydrogens."""
        return Chem.AddHs(self.mol)

    @cached_property
    def pattern(self) -> bytes:
        """Pattern fingerprint of the molecule, for substructure screens."""
        return pattern_bytes(self.mol)

    @cached_property
    def hydrogen_pattern(self) -> bytes:
        """Pattern fingerprint of the molecule with explicit hydrogens."""
        return pattern_bytes(self.hydrogens)


def pattern_bytes(mol: Chem.Mol) -> bytes:
    """RDKit's pattern fingerprint: the bits of a substructure are a subset of those of the molecule."""
    from rdkit import DataStructs

    return bytes(DataStructs.BitVectToBinaryText(Chem.PatternFingerprint(mol, fpSize=PATTERN_BITS)))
