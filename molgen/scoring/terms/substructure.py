"""A substructure that is to be there, or not."""

from __future__ import annotations

from functools import cached_property
from typing import Literal

from pydantic import field_validator
from rdkit import Chem

from molgen.scoring.terms.base import SingleTerm


class SubstructureTerm(SingleTerm):
    """1 where a SMARTS matches, else 0; the other way round where it is to be absent.

    Attributes:
        smarts: of the substructure.
        present: whether it is to be there.

    Example:
        >>> SubstructureTerm(smarts="[OX2H]", present=False).value(Chem.MolFromSmiles("CCO"))
        0.0
    """

    type: Literal["substructure"] = "substructure"
    smarts: str
    present: bool = True

    @field_validator("smarts")
    @classmethod
    def _readable(cls, smarts: str) -> str:
        if not smarts or Chem.MolFromSmarts(smarts) is None:
            raise ValueError(f"{smarts!r} is not SMARTS that RDKit can read")
        return smarts

    @cached_property
    def _query(self) -> Chem.Mol:
        return Chem.MolFromSmarts(self.smarts)

    @property
    def label(self) -> str:
        return self.smarts if self.present else f"no {self.smarts}"

    def value(self, mol: Chem.Mol) -> float:
        return float(mol.HasSubstructMatch(self._query) == self.present)
