"""Terms of the molecular formula."""

from __future__ import annotations

import re
from collections import Counter
from functools import cached_property
from typing import Literal

import numpy as np
from pydantic import field_validator
from rdkit import Chem

from molgen.scoring.combination import combined
from molgen.scoring.shapes import Gaussian
from molgen.scoring.terms.base import SingleTerm

_PART = re.compile(r"([A-Z][a-z]?)(\d*)")
_ELEMENTS = frozenset(Chem.GetPeriodicTable().GetElementSymbol(number) for number in range(1, 119))


class FormulaTerm(SingleTerm):
    """How near a molecule is to a molecular formula, 1 for an isomer (Brown et al., 2019).

    The geometric mean of exp(- d^2 / 2) over the elements of the formula, d being the deviation of their number of
    atoms, and of exp(- d^2 / 8) for the number of all atoms, hydrogens included.

    Attributes:
        formula: such as ``C9H10N2O2PF2Cl``.

    Example:
        >>> term = FormulaTerm(formula="C2H6O")
        >>> [round(value, 3) for value in term.values([Chem.MolFromSmiles(text) for text in ("COC", "CCC")])]
        [1.0, 0.417]
    """

    type: Literal["formula"] = "formula"
    formula: str

    @field_validator("formula")
    @classmethod
    def _readable(cls, formula: str) -> str:
        if not formula or _PART.sub("", formula) or not _ELEMENTS.issuperset(_counts(formula)):
            raise ValueError(f"{formula!r} is not a formula such as C9H10N2O2PF2Cl")
        return formula

    @cached_property
    def _wanted(self) -> Counter[str]:
        return _counts(self.formula)

    @property
    def label(self) -> str:
        return self.formula

    def value(self, mol: Chem.Mol) -> float:
        found = Counter(atom.GetSymbol() for atom in Chem.AddHs(mol).GetAtoms())
        parts = [_near(found[element], number, 1.0) for element, number in self._wanted.items()]
        parts.append(_near(found.total(), self._wanted.total(), 2.0))
        return float(combined("geometric", np.array(parts)[:, None], [1.0] * len(parts))[0])


class ElementTerm(SingleTerm):
    """Number of atoms of an element, hydrogens included.

    Attributes:
        element: its symbol.

    Example:
        >>> ElementTerm(element="H").value(Chem.MolFromSmiles("CO"))
        4
    """

    type: Literal["element"] = "element"
    element: str

    @field_validator("element")
    @classmethod
    def _known(cls, symbol: str) -> str:
        if symbol not in _ELEMENTS:
            raise ValueError(f"there is no element {symbol!r}")
        return symbol

    @property
    def label(self) -> str:
        return f"atoms_{self.element}"

    def value(self, mol: Chem.Mol) -> float:
        atoms = (Chem.AddHs(mol) if self.element == "H" else mol).GetAtoms()
        return sum(atom.GetSymbol() == self.element for atom in atoms)


def _counts(formula: str) -> Counter[str]:
    found: Counter[str] = Counter()
    for element, number in _PART.findall(formula):
        found[element] += int(number or 1)
    return found


def _near(found: int, wanted: int, deviation: float) -> float:
    return float(Gaussian(mean=wanted, deviation=deviation)(np.array(float(found))))
