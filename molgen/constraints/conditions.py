"""What is asked of a molecule: a fragment, ranges of properties, a number of atoms, a collection."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field

from rdkit import Chem

from molgen.chem.standardize import has_stereo
from molgen.constraints.fragment import Fragment, parse_fragment
from molgen.constraints.interval import Interval
from molgen.errors import UsageError
from molgen.features.named_properties import find_property, property_values

__all__ = ["Conditions", "Interval", "split_properties"]


@dataclass(frozen=True)
class Conditions:
    """What is asked of molecules.

    Attributes:
        fragment: that they contain.
        properties: ranges by name.
        atoms: range of the number of heavy atoms.
        collection: that they are to be like; it cannot be checked.
    """

    fragment: Fragment | None = None
    properties: Mapping[str, Interval] = field(default_factory=dict)
    atoms: Interval | None = None
    collection: str | None = None

    @classmethod
    def of(
        cls,
        fragment: str | Fragment | None = None,
        properties: Mapping[str, object] | None = None,
        atoms: object = None,
        collection: str | None = None,
    ) -> Conditions | None:
        """Conditions as people write them, or None where nothing is asked.

        Args:
            fragment: see `parse_fragment`.
            properties: by name, whatever its case: a value, a range or an open range; see `Interval.of`.
            atoms: a number of heavy atoms, or a range.
            collection: name of a collection of training molecules.

        Raises:
            UsageError: a fragment that cannot be read, an unknown property, a range that is none or is empty.

        Example:
            >>> asked = Conditions.of("*c1ccccc1", {"logp": (1, 3)}, atoms="..20")
            >>> asked.satisfied("CCc1ccccc1")
            {'fragment': True, 'logP': True, 'atoms': True}
        """
        ranges: dict[str, Interval] = {}
        for name, value in (properties or {}).items():
            known = find_property(name).name
            if known in ranges:
                raise UsageError(f"the property {known} is asked for twice")
            ranges[known] = Interval.of(value, known)
        size = None if atoms is None else Interval.of(atoms, "atoms")
        if fragment is None and not ranges and size is None and collection is None:
            return None
        piece = parse_fragment(fragment) if isinstance(fragment, str) else fragment
        return cls(piece, ranges, size, collection)

    @property
    def asked(self) -> frozenset[str]:
        """Names of all that is asked: fragment, atoms, collection, and properties by their own names."""
        parts = {"fragment": self.fragment, "atoms": self.atoms, "collection": self.collection}
        return frozenset(self.properties) | {name for name, part in parts.items() if part is not None}

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
            raise UsageError(f"this model cannot be asked for {', '.join(refused)}; it can be asked for {offer}")

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
