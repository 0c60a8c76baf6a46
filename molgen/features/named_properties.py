"""Properties of molecules by name, such as chemists use them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from rdkit import Chem
from rdkit.Chem import rdMolDescriptors

from molgen.errors import UsageError
from molgen.features import properties
from molgen.features.record import MoleculeRecord
from molgen.system.faults import choices


@dataclass(frozen=True)
class Property:
    """A number that can be computed of any molecule.

    Attributes:
        name: as it is written.
        unit: of the value; empty where it has none.
        description: one line.
        compute: the value of a sanitised molecule.
        least: that a molecule can have; None where there is no least value.
        largest: likewise.
        whole: whether its values are whole numbers.
    """

    name: str
    unit: str
    description: str
    compute: Callable[[Chem.Mol], float]
    least: float | None = 0
    largest: float | None = None
    whole: bool = False


def _of_record(function: Callable[[MoleculeRecord], float]) -> Callable[[Chem.Mol], float]:
    return lambda mol: function(MoleculeRecord.of(mol))


_ALL = (
    Property("logP", "", "octanol-water partition coefficient (Crippen)", _of_record(properties.logp), least=None),
    Property(
        "QED", "", "drug-likeness, 0 to 1 (Bickerton et al., 2012)", _of_record(properties.drug_likeness), largest=1
    ),
    Property(
        "SA",
        "",
        "synthetic accessibility, 1 (easy) to 10 (Ertl and Schuffenhauer, 2009)",
        _of_record(properties.synthetic_accessibility),
        least=1,
        largest=10,
    ),
    Property("weight", "g/mol", "average molecular weight", _of_record(properties.weight)),
    Property("TPSA", "Å²", "topological polar surface area (Ertl et al., 2000)", rdMolDescriptors.CalcTPSA),
    Property("HBD", "", "hydrogen-bond donors", rdMolDescriptors.CalcNumHBD, whole=True),
    Property("HBA", "", "hydrogen-bond acceptors", rdMolDescriptors.CalcNumHBA, whole=True),
    Property("rotatable_bonds", "", "rotatable bonds", rdMolDescriptors.CalcNumRotatableBonds, whole=True),
    Property("rings", "", "rings (smallest set)", rdMolDescriptors.CalcNumRings, whole=True),
    Property("aromatic_rings", "", "aromatic rings", rdMolDescriptors.CalcNumAromaticRings, whole=True),
    Property("sp3_fraction", "", "share of sp3 atoms among the carbons", rdMolDescriptors.CalcFractionCSP3, largest=1),
    Property("charge", "e", "formal charge of the molecule", Chem.GetFormalCharge, least=None, whole=True),
    Property("heavy_atoms", "", "atoms other than hydrogen", lambda mol: mol.GetNumHeavyAtoms(), whole=True),
)

PROPERTIES: dict[str, Property] = {one.name: one for one in _ALL}
"""By name."""
_BY_NAME = {name.lower(): one for name, one in PROPERTIES.items()}


def find_property(name: str) -> Property:
    """The property of a name, whatever its case.

    Raises:
        UsageError: there is none.

    Example:
        >>> find_property("logp").name
        'logP'
    """
    try:
        return _BY_NAME[name.lower()]
    except KeyError:
        raise UsageError(f"there is no property {name!r}{choices(name, PROPERTIES)}") from None


def property_values(mol: Chem.Mol, names: Sequence[str]) -> list[float]:
    """Values of some properties of a sanitised molecule.

    Raises:
        UsageError: an unknown name.

    Example:
        >>> property_values(Chem.MolFromSmiles("CCO"), ["heavy_atoms", "HBD"])
        [3.0, 1.0]
    """
    return [float(find_property(name).compute(mol)) for name in names]
