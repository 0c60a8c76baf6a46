"""What a QSAR model predicts."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Literal, Self

from pydantic import field_validator, model_validator
from rdkit import Chem

from molgen.scoring.qsar.model import QsarModel, loaded
from molgen.scoring.terms.base import InputPath, Term


class QsarTerm(Term):
    """The prediction of a QSAR model, or how far it can be trusted.

    Attributes:
        folder: that `molgen fit` wrote.
        output: the ``prediction``; its ``uncertainty``, which needs a shape; or the ``similarity`` to the
            nearest training molecule.
    """

    type: Literal["qsar"] = "qsar"
    folder: InputPath
    output: Literal["prediction", "uncertainty", "similarity"] = "prediction"

    @model_validator(mode="after")
    def _has_a_good_side(self) -> Self:
        if self.output == "uncertainty" and self.shape is None:
            raise ValueError(
                "an uncertainty needs a shape, since the least is the best: for instance "
                'shape = { type = "below", value = 0.5, width = 0.5 }'
            )
        if self.output == "uncertainty" and not self.model.settings.knows_uncertainty:
            raise ValueError("gradient boosting of values has no uncertainty: fit a random-forest or gaussian-process")
        return self

    @field_validator("folder")
    @classmethod
    def _readable(cls, folder: Path) -> Path:
        loaded(folder.resolve())
        return folder

    @property
    def model(self) -> QsarModel:
        """The model, fitted when it is first needed."""
        return loaded(self.folder.resolve())

    @property
    def label(self) -> str:
        name = self.folder.resolve().name
        return name if self.output == "prediction" else f"{name}_{self.output}"

    def values(self, molecules: Sequence[Chem.Mol]) -> list[float]:
        compute = {
            "prediction": self.model.predict,
            "uncertainty": self.model.uncertainty,
            "similarity": self.model.similarity,
        }[self.output]
        return [float(value) for value in compute(molecules)]
