"""What is asked of a molecule: a fragment, ranges of properties, a number of atoms, a collection."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from rdkit import Chem

from molgen.constraints.fragment import Fragment
from molgen.features.named_properties import property_values


@dataclass(frozen=True)
class Interval:
    """A closed range of numbers, open where a bound is None.

    Attributes:
        low: least value.
        high: largest value.
    """

    low: float | None = None
    high: float | None = None

    def __contains__(self, value: float) -> bool:
        return (self.low is None or value >= self.low) and (self.high is None or value <= self.high)

    def clamped(self, value: float) -> float:
        """The nearest value inside."""
        value = value if self.low is None else max(value, self.low)
        return value if self.high is None else min(value, self.high)


@dataclass(frozen=True)
class Conditions:
    """What is asked of molecules.

    Attributes:
        fragment: that they contain.
        properties: ranges by name.
        atoms: range of the number of heavy atoms.
        collection: that they are to be like; it cannot be checked.
        guidance: how far the model is pushed away from what it would do without the properties and the collection.
    """

    fragment: Fragment | None = None
    properties: Mapping[str, Interval] = field(default_factory=dict)
    atoms: Interval | None = None
    collection: str | None = None
    guidance: float = 0.0

    @property
    def asked(self) -> frozenset[str]:
        """Names of all that is asked: fragment, atoms, collection, and properties by their own names."""
        parts = {"fragment": self.fragment, "atoms": self.atoms, "collection": self.collection}
        return frozenset(self.properties) | {name for name, part in parts.items() if part is not None}

    def satisfied(self, smiles: str) -> dict[str, bool]:
        """Whether a molecule has what is asked, by name; all false where it cannot be read."""
        mol = Chem.MolFromSmiles(smiles)
        checked = sorted(self.asked - {"collection"})
        if mol is None:
            return dict.fromkeys(checked, False)
        found: dict[str, bool] = {}
        for name in checked:
            if name == "fragment":
                found[name] = self.fragment is not None and self.fragment.contained_in(mol)
            elif name == "atoms":
                found[name] = self.atoms is not None and mol.GetNumHeavyAtoms() in self.atoms
            else:
                found[name] = property_values(mol, [name])[0] in self.properties[name]
        return found
