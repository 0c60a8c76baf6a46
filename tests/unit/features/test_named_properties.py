"""Properties by name, against published values, counts that can be done by hand, and RDKit's own descriptors."""

from __future__ import annotations

import pytest
from rdkit import Chem
from rdkit.Chem import QED, Crippen, Descriptors, Lipinski, rdMolDescriptors

from molgen.errors import UsageError
from molgen.features.named_properties import PROPERTIES, find_property, property_values

RDKIT = {
    "logP": Crippen.MolLogP,
    "QED": QED.qed,
    "weight": Descriptors.MolWt,
    "TPSA": Descriptors.TPSA,
    "HBD": Lipinski.NumHDonors,
    "HBA": Lipinski.NumHAcceptors,
    "rotatable_bonds": Lipinski.NumRotatableBonds,
    "rings": rdMolDescriptors.CalcNumRings,
    "aromatic_rings": Lipinski.NumAromaticRings,
    "sp3_fraction": Lipinski.FractionCSP3,
    "charge": Chem.GetFormalCharge,
    "heavy_atoms": Lipinski.HeavyAtomCount,
}
MOLECULES = (
    "CC(=O)Oc1ccccc1C(=O)O",
    "C[N+](C)(C)CC([O-])=O",
    "O=S(=O)(c1ccc(Cl)cc1)N1CCOCC1",
    "CC1(C)SC2C(NC(=O)Cc3ccccc3)C(=O)N2C1C(=O)O",
    "OB(O)c1cc2c(cccn2)[nH]1",
    "C",
)


def test_values_of_aspirin() -> None:
    aspirin = Chem.MolFromSmiles("CC(=O)Oc1ccccc1C(=O)O")
    found = dict(zip(PROPERTIES, property_values(aspirin, list(PROPERTIES)), strict=True))
    assert found["weight"] == pytest.approx(180.16, abs=0.01) and found["TPSA"] == pytest.approx(63.6, abs=0.1)
    assert found["QED"] == pytest.approx(0.550, abs=0.001) and found["logP"] == pytest.approx(1.310, abs=0.001)
    assert 1 < found["SA"] < 2 and found["sp3_fraction"] == pytest.approx(1 / 9)
    counts = ("HBD", "HBA", "rings", "aromatic_rings", "charge", "heavy_atoms")
    assert [found[name] for name in counts] == [1, 3, 1, 1, 0, 13]


@pytest.mark.parametrize("name", RDKIT)
def test_values_are_rdkits(name: str) -> None:
    for smiles in MOLECULES:
        expected = RDKIT[name](Chem.MolFromSmiles(smiles))
        assert property_values(Chem.MolFromSmiles(smiles), [name]) == pytest.approx([expected], abs=1e-9)


def test_harder_molecules_are_harder_to_make() -> None:
    benzene, penicillin = (property_values(Chem.MolFromSmiles(s), ["SA"])[0] for s in ("c1ccccc1", MOLECULES[3]))
    assert benzene == pytest.approx(1.0) and 3 < penicillin < 4


def test_names_are_found_whatever_their_case() -> None:
    assert find_property("LOGP") is PROPERTIES["logP"]
    with pytest.raises(UsageError, match="no property 'logq'; did you mean logP\\? There are logP, QED"):
        find_property("logq")
