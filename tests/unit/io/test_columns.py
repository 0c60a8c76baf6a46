from __future__ import annotations

from pathlib import Path

import pytest

from molgen.io.columns import other_columns
from molgen.io.files import read_rows
from molgen.io.table import names_smiles


@pytest.mark.parametrize(
    ("text", "table"),
    (
        ("id,smiles\na,CCO\n", True),
        ("Canonical_SMILES;name\nCCO;a\n", True),
        ("sep=;\nsmiles;name\nCCO;a\n", True),
        ("smiles\tname\nCCO\ta\n", True),
        ("smiles\nCCO\n", False),
        ("smiles name\nCCO a\n", False),
        ("CCO,ethanol\n", False),
        ("", False),
    ),
)
def test_a_table_names_its_column_of_smiles_beside_others(text: str, table: bool, tmp_path: Path) -> None:
    (tmp_path / "input").write_text(text)
    assert names_smiles(tmp_path / "input") is table


def test_other_columns_are_those_beside_the_smiles_that_hold_something(tmp_path: Path) -> None:
    file = tmp_path / "table.csv"
    file.write_text("id,smiles,empty,parent\na,CCO,,CC\n,CCN,,\n")
    expected = {"id": ["a", ""], "parent": ["CC", ""]}
    assert other_columns(list(read_rows(file, values=True))) == expected
    by_name = list(read_rows(file, "parent", values=True))
    assert other_columns(by_name, "parent") == {"id": ["a", ""], "smiles": ["CCO", "CCN"]}
