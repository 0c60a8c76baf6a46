"""What is asked of a molecule: a fragment, ranges of properties, a number of atoms, a collection."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from rdkit import Chem

from molgen.chem.standardize import has_stereo
from molgen.constraints.fragment import Fragment, parse_fragment
from molgen.constraints.interval import Interval
from molgen.constraints.property_range import property_range
from molgen.errors import UsageError
from molgen.features.named_properties import PROPERTIES, find_property, property_values

if TYPE_CHECKING:
    import pandas

__all__ = ["Conditions", "Interval", "split_properties"]


@dataclass(frozen=True)
class Conditions:
    """What is asked of molecules.

    Attributes:
        fragment: that they contain.
        properties: ranges by name.
        atoms: range of the number of heavy atoms.
        collection: that they are to be like; it cannot be checked.
        targets: values of properties that raw attempts are each to come near, by name; one value for each attempt.
    """

    fragment: Fragment | None = None
    properties: Mapping[str, Interval] = field(default_factory=dict)
    atoms: Interval | None = None
    collection: str | None = None
    targets: Mapping[str, tuple[float, ...]] = field(default_factory=dict)

    @classmethod
    def of(
        cls,
        fragment: str | Fragment | None = None,
        properties: Mapping[str, object] | pandas.DataFrame | None = None,
        atoms: object = None,
        collection: str | None = None,
    ) -> Conditions | None:
        """Conditions as people write them, or None where nothing is asked.

        Args:
            fragment: see `parse_fragment`.
            properties: by name, whatever its case: a value, a range or an open range; see `Interval.of`. Or a table
                with a column for each property and a row for each attempt.
            atoms: a number of heavy atoms, or a range.
            collection: name of a collection of training molecules.

        Raises:
            UsageError: a fragment that cannot be read, an unknown property, a range that is none or is empty, a value
                of a table that is no number.

        Example:
            >>> asked = Conditions.of("*c1ccccc1", {"logp": (1, 3)}, atoms="..20")
            >>> asked.satisfied("CCc1ccccc1")
            {'fragment': True, 'logP': True, 'atoms': True}
        """
        if not isinstance(fragment, str | Fragment | None):
            raise UsageError(f"a fragment is a SMILES such as '*c1ccccc1', not {fragment!r}")
        table = properties is not None and not isinstance(properties, Mapping)
        if table and not hasattr(properties, "columns"):
            raise UsageError(f"properties are a dictionary such as {{'logP': (1, 3), 'HBD': 1}}, not {properties!r}")
        named = _by_name({} if properties is None else dict(properties.items()))
        ranges = {} if table else {name: property_range(value, name) for name, value in named.items()}
        targets = {name: _numbers(value, name) for name, value in named.items()} if table else {}
        size = None if atoms is None else Interval.of(atoms, "atoms")
        if fragment is None and not ranges and not targets and size is None and collection is None:
            return None
        piece = parse_fragment(fragment) if isinstance(fragment, str) else fragment
        return cls(piece, ranges, size, collection, targets)

    def for_attempts(self, numbers: Sequence[int]) -> Conditions:
        """The conditions of some attempts, which have targets of their own.

        Args:
            numbers: of the attempts.

        Raises:
            UsageError: there are no targets for one of them.
        """
        if not self.targets:
            return self
        rows = min(map(len, self.targets.values()))
        if len(numbers) and max(numbers) >= rows:
            raise UsageError(f"the table of properties has {rows:,} rows, one for each attempt: make no more attempts")
        return replace(self, targets={name: tuple(values[i] for i in numbers) for name, values in self.targets.items()})

    @property
    def asked(self) -> frozenset[str]:
        """Names of all that is asked: fragment, atoms, collection, and properties by their own names."""
        parts = {"fragment": self.fragment, "atoms": self.atoms, "collection": self.collection}
        return frozenset({*self.properties, *self.targets}) | {name for name, part in parts.items() if part is not None}

    def check(self, offered: Collection[str]) -> None:
        """Refuse conditions that a model does not take.

        Args:
            offered: names of what it takes, as in `asked`, whatever their case.

        Raises:
            UsageError: it does not take them all.
        """
        known = {name.lower() for name in offered}
        refused = sorted(name for name in self.asked if name.lower() not in known)
        if refused:
            offer = ", ".join(sorted(offered)) or "nothing"
            raise UsageError(
                f"this model cannot be asked for {', '.join(refused)}; it can be asked for {offer}{_instead(refused)}"
            )

    def cautions(self, trained: Mapping[str, Interval]) -> list[str]:
        """What a user should know, one line each.

        Args:
            trained: ranges of properties among the training molecules, by name.
        """
        found = []
        if self.fragment is not None and has_stereo(self.fragment.text):
            found.append("the stereo of the fragment is dropped")
        for name, interval in self.properties.items():
            usual = trained.get(name)
            if usual is not None and not interval.overlaps(usual):
                found.append(f"{name} {interval} lies outside the training molecules, which have {usual}")
        return found

    def satisfied(self, smiles: str) -> dict[str, bool]:
        """Whether a molecule has what is asked, by name; all false where it cannot be read."""
        mol = Chem.MolFromSmiles(smiles)
        found: dict[str, bool] = {}
        if self.fragment is not None:
            found["fragment"] = mol is not None and self.fragment.contained_in(mol)
        for name, interval in self.properties.items():
            found[name] = mol is not None and property_values(mol, [name])[0] in interval
        if self.atoms is not None:
            found["atoms"] = mol is not None and mol.GetNumHeavyAtoms() in self.atoms
        return found


def _instead(refused: Collection[str]) -> str:
    """What any model can do about conditions that a model cannot be asked for."""
    filters = {"contains": "fragment" in refused, "keep": not PROPERTIES.keys().isdisjoint(refused)}
    names = " and ".join(name for name, useful in filters.items() if useful)
    return f"; molecules of any model can be filtered instead ({names})" if names else ""


def _by_name(properties: Mapping[Any, Any]) -> dict[str, Any]:
    """The same by the properties' own names."""
    found: dict[str, Any] = {}
    for name, value in properties.items():
        known = find_property(str(name)).name
        if known in found:
            raise UsageError(f"the property {known} is asked for twice")
        found[known] = value
    return found


def _numbers(column: Iterable[Any], name: str) -> tuple[float, ...]:
    """The values of a column of a table."""
    values = []
    for number, value in enumerate(column):
        try:
            values.append(float(value))
        except (TypeError, ValueError):
            values.append(math.nan)
        if not math.isfinite(values[-1]):
            raise UsageError(f"row {number} of the table of properties has no value of {name}: {value!r}")
    return tuple(values)


def split_properties(texts: Iterable[str]) -> dict[str, str]:
    """Names and ranges from texts such as ``logP=1..3``.

    Raises:
        UsageError: a text without ``=``, or a name twice.
    """
    found: dict[str, str] = {}
    for text in texts:
        name, equals, value = (part.strip() for part in text.partition("="))
        if not name or not equals:
            raise UsageError(f"a property is asked for as NAME=LOW..HIGH, such as logP=1..3, not {text!r}")
        if name in found:
            raise UsageError(f"the property {name} is asked for twice")
        found[name] = value
    return found
