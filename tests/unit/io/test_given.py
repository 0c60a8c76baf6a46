"""Molecules may be handed over in whatever they are kept in; none is lost."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas
import pytest
from rdkit import Chem

from molgen.errors import UsageError
from molgen.io import smiles_of

GIVEN = ["CCO", None, "C1CC", float("nan")]


@pytest.mark.parametrize(
    "molecules",
    [
        GIVEN,
        tuple(GIVEN),
        iter(GIVEN),
        np.array(GIVEN, dtype=object),
        pandas.Series(GIVEN),
        pandas.Series(["CCO", None, "C1CC", None], dtype="string"),
        [Chem.MolFromSmiles("OCC"), pandas.NA, "C1CC", np.float64("nan")],
    ],
    ids=["list", "tuple", "generator", "array", "Series", "Series of strings", "RDKit molecules"],
)
def test_all_kinds_of_sequences(molecules: Any) -> None:
    assert list(smiles_of(molecules)) == ["CCO", "", "C1CC", ""]


@pytest.mark.parametrize(
    ("molecules", "said"),
    [
        ("CCO", "in a list"),
        ("C" * 300, "in a list"),
        ("nowhere.smi", "there is no file nowhere.smi"),
        (Path("nowhere"), "there is no file nowhere"),
        (Chem.MolFromSmiles("CCO"), "in a list"),
        (pandas.DataFrame({"smiles": ["C"]}), "one column"),
        ({"smiles": ["C"]}, "one column"),
        (None, "not NoneType"),
        (3, "not int"),
    ],
)
def test_what_is_not_several_molecules_is_refused_at_once(molecules: Any, said: str) -> None:
    with pytest.raises(UsageError, match=said):
        smiles_of(molecules)


def test_numbers_are_no_molecules() -> None:
    with pytest.raises(UsageError, match="neither SMILES nor a molecule: int"):
        list(smiles_of(["C", 3]))


def test_a_file_is_read(tmp_path: Path) -> None:
    file = tmp_path / "mine.csv"
    file.write_text("name,smiles\na,CCO\nb,\nc,C1CC\n")
    assert list(smiles_of(str(file))) == list(smiles_of(file)) == ["CCO", "", "C1CC"]
