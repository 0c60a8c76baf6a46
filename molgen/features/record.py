"""One attempt, as the features see it."""

from __future__ import annotations

from functools import cached_property
from typing import Any

from rdkit import Chem, rdBase

rdBase.DisableLog("rdApp.*")

PATTERN_BITS = 2048


class Subject:
    """An attempt and what several features need of it, each computed once.

    Reading follows the original MOSES code: the string is read, written as canonical SMILES with its stereo labels,
    and read again; everything is computed from the second reading.

    Args:
        text: as generated.
    """

    def __init__(self, text: str) -> None:
        self.text = text

    @cached_property
    def mol(self) -> Any:
        """The sanitised molecule, or None where RDKit does not read it twice."""
        first = Chem.MolFromSmiles(self.text) if self.text else None
        if first is None:
            return None
        return Chem.MolFromSmiles(Chem.MolToSmiles(first))

    @cached_property
    def canonical(self) -> str:
        """Canonical SMILES of the second reading, stereo labels included."""
        return str(Chem.MolToSmiles(self.mol))

    @cached_property
    def flat(self) -> str:
        """Canonical SMILES without stereo labels."""
        return str(Chem.MolToSmiles(self.mol, isomericSmiles=False))

    @cached_property
    def flat_mol(self) -> Chem.Mol:
        """The molecule read from `flat`."""
        return self.mol if self.flat == self.canonical else Chem.MolFromSmiles(self.flat)

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
        """The same with explicit hydrogens."""
        return pattern_bytes(self.hydrogens)


def pattern_bytes(mol: Chem.Mol) -> bytes:
    """RDKit's pattern fingerprint: if a query is in a molecule, its bits are among the molecule's."""
    from rdkit import DataStructs

    return bytes(DataStructs.BitVectToBinaryText(Chem.PatternFingerprint(mol, fpSize=PATTERN_BITS)))
