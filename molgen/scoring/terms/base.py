"""What every term of a score has."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray
from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ModelWrapValidatorHandler,
    ValidationInfo,
    model_validator,
)
from rdkit import Chem

from molgen.errors import MolgenError
from molgen.scoring.shapes import AnyShape, Clip, Shape
from molgen.scoring.totals import number_or_nan


def beside(path: Path, info: ValidationInfo) -> Path:
    """A path, from the folder of the file that is being read where it is relative."""
    return (info.context or {}).get("folder", Path()) / path


InputPath = Annotated[Path, AfterValidator(beside)]
"""A path; a relative one begins at the folder of the file that it is written in."""


Texts = Annotated[tuple[str, ...], BeforeValidator(lambda given: (given,) if isinstance(given, str) else given)]
"""Texts; one alone may be written without brackets."""


class Term(BaseModel, ABC):
    """A number for each molecule, and how good it is.

    Attributes:
        name: of its column; by default its label.
        weight: beside the other terms.
        shape: maps its values to [0, 1]; by default a shape that suits the term, mostly `molgen.scoring.shapes.Clip`.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)
    default_shape: ClassVar[Shape] = Clip()

    name: str = ""
    weight: float = Field(1.0, gt=0, allow_inf_nan=False)
    shape: AnyShape | None = None

    @model_validator(mode="wrap")
    @classmethod
    def _placed(cls, data: Any, handler: ModelWrapValidatorHandler[Self]) -> Self:
        """Make faults of what the settings name, such as files, faults of the settings, which have a place."""
        try:
            return handler(data)
        except MolgenError as error:
            raise ValueError(str(error)) from error

    @property
    @abstractmethod
    def label(self) -> str:
        """A name where none is given."""

    @abstractmethod
    def values(self, molecules: Sequence[Chem.Mol]) -> list[float]:
        """One value per sanitised molecule, finite, or NaN where it could not be had."""

    @property
    def failure(self) -> str:
        """Why a molecule had no value, as far as that is known; empty where it is not, or where none failed."""
        return ""

    def shaped(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        """How good values are, in [0, 1]; NaN stays NaN."""
        return (self.default_shape if self.shape is None else self.shape)(values)


class SingleTerm(Term):
    """A term that is computed molecule by molecule; where the computation fails, that molecule alone has no value."""

    @abstractmethod
    def value(self, mol: Chem.Mol) -> float:
        """Of one sanitised molecule."""

    def values(self, molecules: Sequence[Chem.Mol]) -> list[float]:
        return [self._value_or_none(mol) for mol in molecules]

    def _value_or_none(self, mol: Chem.Mol) -> float:
        try:
            return number_or_nan(self.value(mol))
        except (ArithmeticError, LookupError, RuntimeError, ValueError):
            # RDKit raises ValueError or RuntimeError where sanitisation or an invariant fails; its descriptors that are
            # written in Python divide by zero and look for what is not there.
            return math.nan
