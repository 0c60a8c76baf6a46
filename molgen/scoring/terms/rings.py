"""Rules on rings and scaffolds."""

from __future__ import annotations

from contextlib import suppress
from functools import cached_property
from typing import Literal, Self

from pydantic import Field, field_validator, model_validator
from rdkit import Chem
from rdkit.Chem.Scaffolds import MurckoScaffold

from molgen.chem.standardize import parse
from molgen.errors import MoleculeError
from molgen.features.fragments import ring_systems
from molgen.features.record import MoleculeRecord
from molgen.features.ring_oddities import ring_oddities
from molgen.io import read_smiles
from molgen.scoring.terms.base import InputPath, SingleTerm


class RingsTerm(SingleTerm):
    """1 where all rings are of a usual kind, else 0: none too large or too strained to exist.

    Attributes:
        largest: atoms of the largest ring that is allowed.
        systems: file of the ring systems that are allowed, such as that of a model directory; by default all are. An
            entry allows the ring systems of the molecule that it is, and itself as
            `molgen.features.fragments.ring_systems` writes it, since not all of those are molecules.

    Example:
        >>> RingsTerm(largest=6).value(Chem.MolFromSmiles("C1CCCCCC1"))
        0.0
    """

    type: Literal["rings"] = "rings"
    largest: int = Field(7, ge=3)
    systems: InputPath | None = None

    @model_validator(mode="after")
    def _readable(self) -> Self:
        _ = self._known
        return self

    @cached_property
    def _known(self) -> frozenset[str] | None:
        """Allowed ring systems, None for all; read when the term is made, so that faults of the file show at once."""
        if self.systems is None:
            return None
        found: set[str] = set()
        for number, text in read_smiles(self.systems):
            found.update(_systems(text, f"{self.systems.name}, record {number}"))
        return frozenset(found)

    @property
    def label(self) -> str:
        return "rings"

    def value(self, mol: Chem.Mol) -> float:
        if ring_oddities(mol, self.largest):
            return 0.0
        return float(self._known is None or self._known.issuperset(ring_systems(MoleculeRecord.of(mol))))


def _systems(text: str, where: str) -> set[str]:
    """Ring systems that an entry of a file allows."""
    try:
        drawn = parse(text, sanitize=False)
        Chem.FastFindRings(drawn)
        if not drawn.GetRingInfo().NumRings():
            raise ValueError(f"{where}: {text} has no ring")
        with suppress(MoleculeError):  # a ring system whose hydrogens are not written is often no molecule
            return {text, *ring_systems(MoleculeRecord.of(parse(text)))}
    except MoleculeError as error:
        raise ValueError(f"{where}: {error}") from None
    return {text}


class ScaffoldTerm(SingleTerm):
    """1 where a molecule has the Murcko scaffold of another one, else 0; the other way round for another scaffold.

    Attributes:
        scaffold: SMILES of a molecule with the scaffold.
        same: whether it is to be the same or another.
        generic: compare scaffolds without elements and orders of bonds.

    Example:
        >>> ScaffoldTerm(scaffold="Cc1ccccc1").value(Chem.MolFromSmiles("OCc1ccccc1"))
        1.0
    """

    type: Literal["scaffold"] = "scaffold"
    scaffold: str
    same: bool = True
    generic: bool = False

    @field_validator("scaffold")
    @classmethod
    def _readable(cls, smiles: str) -> str:
        try:
            mol = parse(smiles)
        except MoleculeError as error:
            raise ValueError(str(error)) from None
        if not mol.GetRingInfo().NumRings():
            raise ValueError(f"{smiles} has no ring, and so no scaffold")
        return smiles

    @model_validator(mode="after")
    def _possible(self) -> Self:
        _ = self._wanted
        return self

    @cached_property
    def _wanted(self) -> str:
        try:
            return self._scaffold(parse(self.scaffold))
        except (RuntimeError, ValueError) as error:
            raise ValueError(f"RDKit finds no scaffold of {self.scaffold}: {str(error).splitlines()[0]}") from None

    @property
    def label(self) -> str:
        return "scaffold"

    def value(self, mol: Chem.Mol) -> float:
        return float((self._scaffold(mol) == self._wanted) == self.same)

    def _scaffold(self, mol: Chem.Mol) -> str:
        found = MurckoScaffold.GetScaffoldForMol(mol)
        if self.generic:
            found = MurckoScaffold.MakeScaffoldGeneric(found)
        return str(Chem.MolToSmiles(found, isomericSmiles=False))
