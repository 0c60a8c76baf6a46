"""Structural alerts."""

from __future__ import annotations

from typing import ClassVar, Literal

from pydantic import Field, field_validator
from rdkit import Chem

from molgen.features.alerts import CATALOGUES, find_catalogue, matching_catalogues
from molgen.features.record import MoleculeRecord
from molgen.scoring.shapes import Shape, Step
from molgen.scoring.terms.base import SingleTerm, Texts


class AlertsTerm(SingleTerm):
    """Number of catalogues of which an alert matches; by default any is bad.

    Attributes:
        catalogues: their names; by default those of all that RDKit has.

    Example:
        >>> AlertsTerm(catalogues=["pains", "brenk"]).value(Chem.MolFromSmiles("CC(=O)Cl"))
        1
    """

    type: Literal["alerts"] = "alerts"
    default_shape: ClassVar[Shape] = Step(value=0, side="below")
    catalogues: Texts = Field(CATALOGUES, min_length=1)

    @field_validator("catalogues")
    @classmethod
    def _known(cls, names: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(find_catalogue(name) for name in names)

    @property
    def label(self) -> str:
        return "alerts"

    def value(self, mol: Chem.Mol) -> float:
        return len(set(self.catalogues).intersection(matching_catalogues(MoleculeRecord.of(mol))))
