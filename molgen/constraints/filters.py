"""Which of the molecules that a model generates are kept: properties, substructures, structural alerts."""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

from rdkit import Chem

from molgen.constraints.interval import Interval
from molgen.constraints.property_range import property_range
from molgen.errors import UsageError
from molgen.features.alerts import find_catalogue, matching_catalogues
from molgen.features.named_properties import find_property
from molgen.features.record import MoleculeRecord

Texts = str | Iterable[str]
"""One text or several."""

_REQUIREMENT = re.compile(r"\s*(\w+)\s*(<=|>=|==|=|<|>)(.*)", re.DOTALL)
_COMPARISONS: dict[str, Callable[[Any, Any], bool]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
_UNREADABLE = "unreadable"


@dataclass(frozen=True)
class Requirement:
    """A property compared with a number, or in a range.

    Attributes:
        name: of the property.
        comparison: ``<``, ``<=``, ``>``, ``>=``, or ``=`` for a range.
        wanted: the range, or the number as one.
    """

    name: str
    comparison: str
    wanted: Interval

    @classmethod
    def of(cls, text: str) -> Requirement:
        """A requirement from text such as ``QED > 0.7`` or ``logP = 1..3``; ranges are those of `Interval.of`.

        Raises:
            UsageError: it is not so written, there is no such property, or no molecule can meet it.

        Example:
            >>> str(Requirement.of("qed > 0.70")), str(Requirement.of("logP = 1..3"))
            ('QED>0.7', 'logP=1..3')
        """
        found = _REQUIREMENT.fullmatch(text)
        if found is None:
            raise UsageError(
                f"a property is kept by a text in quotes such as 'QED > 0.7' or 'logP = 1..3', not {text!r}"
            )
        name, comparison = find_property(found[1]).name, found[2]
        if comparison not in _COMPARISONS:
            return cls(name, "=", property_range(found[3].strip(), name))
        wanted = Interval.of(found[3].strip(), name)
        if wanted.low != wanted.high:
            raise UsageError(f"{name} {comparison} takes one number, not {found[3].strip()!r}")
        property_range((wanted.low, None) if comparison.startswith(">") else (None, wanted.high), name)
        return cls(name, comparison, wanted)

    def __str__(self) -> str:
        return f"{self.name}{self.comparison}{self.wanted}"

    def satisfied(self, mol: Chem.Mol) -> bool:
        """Whether a sanitised molecule has it."""
        value = float(find_property(self.name).compute(mol))
        compare = _COMPARISONS.get(self.comparison)
        return value in self.wanted if compare is None else compare(value, self.wanted.low)


@dataclass(frozen=True)
class Pattern:
    """A substructure.

    Attributes:
        smarts: as given.
        query: the same as a query.
    """

    smarts: str
    query: Chem.Mol = field(compare=False, repr=False)

    @classmethod
    def of(cls, smarts: str) -> Pattern:
        """A substructure from SMARTS.

        Raises:
            UsageError: RDKit cannot read it.
        """
        query = Chem.MolFromSmarts(smarts) if smarts.strip() else None
        if query is None:
            raise UsageError(f"{smarts!r} is not SMARTS that RDKit can read")
        return cls(smarts.strip(), query)

    def found_in(self, mol: Chem.Mol) -> bool:
        """Whether a sanitised molecule has it."""
        return bool(mol.HasSubstructMatch(self.query))


@dataclass(frozen=True)
class Filters:
    """What a molecule must have to be kept.

    Attributes:
        contains: substructures that it has.
        without: substructures that it does not have.
        keep: requirements on its properties.
        drop_alerts: catalogues of structural alerts of which none matches it.
    """

    contains: tuple[Pattern, ...] = ()
    without: tuple[Pattern, ...] = ()
    keep: tuple[Requirement, ...] = ()
    drop_alerts: tuple[str, ...] = ()

    @classmethod
    def of(cls, keep: Texts = (), contains: Texts = (), without: Texts = (), drop_alerts: Texts = ()) -> Filters | None:
        """Filters as people write them, or None where there are none.

        Args:
            keep: such as ``QED > 0.7`` or ``logP = 1..3``; see `Requirement.of`.
            contains: SMARTS.
            without: SMARTS.
            drop_alerts: names of catalogues (`molgen.features.alerts.CATALOGUES`), whatever their case; several in one
                text are separated by commas.

        Raises:
            UsageError: a requirement or SMARTS that cannot be read or is no text, an unknown property or catalogue, or
                a requirement that no molecule can meet.

        Example:
            >>> filters = Filters.of(keep="weight < 100", without=["[N+]", "Br"])
            >>> filters.refused("CCO"), filters.refused("CCBr"), filters.refused("CCCCCCCCCC")
            (None, 'without=Br', 'weight<100')
        """
        names = [name.strip() for text in _several(drop_alerts, "drop_alerts") for name in text.split(",")]
        found = cls(
            tuple(dict.fromkeys(map(Pattern.of, _several(contains, "contains")))),
            tuple(dict.fromkeys(map(Pattern.of, _several(without, "without")))),
            tuple(dict.fromkeys(map(Requirement.of, _several(keep, "keep")))),
            tuple(dict.fromkeys(map(find_catalogue, names))),
        )
        return found if found != cls() else None

    @property
    def reasons(self) -> list[str]:
        """All reasons that `refused` can give of a readable molecule, in the order in which they are looked for."""
        contains, without = ([pattern.smarts for pattern in patterns] for patterns in (self.contains, self.without))
        return [
            *(f"contains={smarts}" for smarts in contains),
            *(f"without={smarts}" for smarts in without),
            *map(str, self.keep),
            *(f"alerts={name}" for name in self.drop_alerts),
        ]

    def refused(self, molecule: str | Chem.Mol) -> str | None:
        """The first reason for which a molecule is not kept, None where it is kept.

        Args:
            molecule: SMILES, or a sanitised molecule.
        """
        mol = Chem.MolFromSmiles(molecule) if isinstance(molecule, str) else molecule
        if mol is None:
            return _UNREADABLE
        for pattern in self.contains:
            if not pattern.found_in(mol):
                return f"contains={pattern.smarts}"
        for pattern in self.without:
            if pattern.found_in(mol):
                return f"without={pattern.smarts}"
        for requirement in self.keep:
            if not requirement.satisfied(mol):
                return str(requirement)
        matching = matching_catalogues(MoleculeRecord.of(mol)) if self.drop_alerts else ()
        return next((f"alerts={name}" for name in self.drop_alerts if name in matching), None)


def _several(texts: Texts | None, name: str) -> list[str]:
    if texts is None or isinstance(texts, str):
        return [] if texts is None else [texts]
    found: list[Any] = list(texts) if isinstance(texts, Iterable) else [texts]
    for text in found:
        if not isinstance(text, str):
            raise UsageError(f"{name} takes a text or a list of texts, not {text!r}")
    return found
