"""The columns of a library."""

from __future__ import annotations

from rdkit import Chem

from molgen.features.named_properties import PROPERTIES, property_values
from molgen.features.property_table import COLUMNS, property_table

SMILES = ["Cc1ccc(C(=O)NC2CC2)cc1", "CC(=O)Cl", "C1CC", "", "[Na+].[Cl-]"]


def test_columns_hold_what_is_computed_one_by_one() -> None:
    done: list[int] = []
    table = property_table(SMILES, done.append)
    assert tuple(table) == COLUMNS and sum(done) == 5
    for row in (0, 1, 4):
        values = property_values(Chem.MolFromSmiles(SMILES[row]), list(PROPERTIES))
        assert [table[name][row] for name in PROPERTIES] == [round(value, 4) for value in values]
    assert all(table[name][row] is None for name in COLUMNS for row in (2, 3))
    assert table["scaffold"] == ["O=C(NC1CC1)c1ccccc1", "", None, None, ""]
    assert table["alerts"][0] == "" and str(table["alerts"][1]).startswith("BRENK;NIH")
    assert all(type(table[name][0]) is int for name in ("HBD", "HBA", "rings", "charge", "heavy_atoms"))


def test_many_molecules_go_over_processes_and_stay_in_order() -> None:
    smiles = ["C" * (1 + number % 7) + "O" for number in range(600)]
    table = property_table(smiles)
    assert table["heavy_atoms"] == [len(text) for text in smiles]
