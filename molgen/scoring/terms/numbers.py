"""Terms that are numbers of a molecule: properties by name, and descriptors of RDKit."""

from __future__ import annotations

from difflib import get_close_matches
from functools import cache
from typing import Any, Literal

from pydantic import Field, field_validator
from rdkit import Chem

from molgen.features.named_properties import find_property
from molgen.scoring.terms.base import SingleTerm


class PropertyTerm(SingleTerm):
    """A property of `molgen properties`.

    Attributes:
        of: its name, whatever its case; ``property`` in files and as an argument.

    Example:
        >>> PropertyTerm(property="hbd").value(Chem.MolFromSmiles("CCO"))
        1.0
    """

    type: Literal["property"] = "property"
    of: str = Field(alias="property")

    @field_validator("of")
    @classmethod
    def _known(cls, name: str) -> str:
        return find_property(name).name

    @property
    def label(self) -> str:
        return self.of

    def value(self, mol: Chem.Mol) -> float:
        return float(find_property(self.of).compute(mol))


class DescriptorTerm(SingleTerm):
    """A descriptor of RDKit, such as ``BertzCT``.

    Attributes:
        descriptor: its name in `rdkit.Chem.Descriptors`.

    Example:
        >>> DescriptorTerm(descriptor="NumHeteroatoms").value(Chem.MolFromSmiles("CCO"))
        1.0
    """

    type: Literal["descriptor"] = "descriptor"
    descriptor: str

    @field_validator("descriptor")
    @classmethod
    def _known(cls, name: str) -> str:
        if name not in _descriptors():
            near = get_close_matches(name, _descriptors(), n=1)
            hint = f"did you mean {near[0]}?" if near else "see rdkit.Chem.Descriptors.descList"
            raise ValueError(f"RDKit has no descriptor {name!r}; {hint}")
        return name

    @property
    def label(self) -> str:
        return self.descriptor

    def value(self, mol: Chem.Mol) -> float:
        return float(_descriptors()[self.descriptor](mol))


@cache
def _descriptors() -> dict[str, Any]:
    from rdkit.Chem import Descriptors

    return dict(Descriptors.descList)
