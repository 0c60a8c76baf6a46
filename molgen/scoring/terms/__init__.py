"""Terms of a score, one class each; a class is its settings in ``score.toml`` as well."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from molgen.scoring.terms.activity import QsarTerm
from molgen.scoring.terms.alerts import AlertsTerm
from molgen.scoring.terms.base import Term
from molgen.scoring.terms.command import CommandTerm
from molgen.scoring.terms.formula import ElementTerm, FormulaTerm
from molgen.scoring.terms.function import FunctionTerm
from molgen.scoring.terms.numbers import DescriptorTerm, PropertyTerm
from molgen.scoring.terms.rings import RingsTerm, ScaffoldTerm
from molgen.scoring.terms.similarity import SimilarityTerm
from molgen.scoring.terms.substructure import SubstructureTerm

AnyTerm = Annotated[
    AlertsTerm
    | CommandTerm
    | DescriptorTerm
    | ElementTerm
    | FormulaTerm
    | FunctionTerm
    | PropertyTerm
    | QsarTerm
    | RingsTerm
    | ScaffoldTerm
    | SimilarityTerm
    | SubstructureTerm,
    Field(discriminator="type"),
]
"""Any of them, by their ``type``."""

__all__ = ["AnyTerm", "Term"]
