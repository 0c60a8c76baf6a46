"""Similarity to given molecules."""

from __future__ import annotations

from functools import cached_property
from typing import Any, Literal, Self

from pydantic import Field, model_validator
from rdkit import Chem, DataStructs

from molgen.chem.standardize import parse
from molgen.errors import MoleculeError, UsageError
from molgen.io import read_smiles
from molgen.scoring.fingerprints import FingerprintName, fingerprint
from molgen.scoring.terms.base import InputPath, SingleTerm, Texts


class SimilarityTerm(SingleTerm):
    """Tanimoto similarity to molecules, 0 to 1.

    Attributes:
        molecules: SMILES.
        file: of more molecules.
        fingerprint: see `molgen.scoring.fingerprints`.
        of: the ``nearest`` molecule, or the ``mean`` over all.

    Example:
        >>> SimilarityTerm(molecules=["CCO", "CCN"], fingerprint="morgan").value(Chem.MolFromSmiles("OCC"))
        1.0
    """

    type: Literal["similarity"] = "similarity"
    molecules: Texts = ()
    file: InputPath | None = None
    fingerprint: FingerprintName = "ecfp4"
    of: Literal["nearest", "mean"] = Field("nearest")

    @model_validator(mode="after")
    def _readable(self) -> Self:
        if not self._targets:
            raise ValueError("name molecules or a file that a molecule is to be like")
        return self

    @cached_property
    def _targets(self) -> list[Any]:
        texts = [*self.molecules, *([] if self.file is None else (text for _, text in read_smiles(self.file)))]
        try:
            return [fingerprint(self.fingerprint)(parse(text)) for text in texts]
        except MoleculeError as error:
            raise UsageError(f"a molecule of the similarity term cannot be read: {error}") from None

    @property
    def label(self) -> str:
        return f"similarity_{self.fingerprint}"

    def value(self, mol: Chem.Mol) -> float:
        found = DataStructs.BulkTanimotoSimilarity(fingerprint(self.fingerprint)(mol), self._targets)
        return float(max(found) if self.of == "nearest" else sum(found) / len(found))
