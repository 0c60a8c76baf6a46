"""`molgen likelihood` as a user calls it."""

from __future__ import annotations

import csv
from pathlib import Path

import pandas
import pytest

from molgen.io import write_molecules
from molgen.models.generator import Generator
from tests.conftest import Run


@pytest.fixture
def molecules(tmp_path: Path) -> Path:
    path = tmp_path / "molecules.smi"
    path.write_text("CCO ethanol\nC1CC\nCC[Si]\nCCCO\n")
    return path


@pytest.mark.parametrize("suffix", [".csv", ".tsv", ".parquet"])
def test_every_record_has_a_row(molgen: Run, molecules: Path, suffix: str) -> None:
    out = molecules.with_suffix(suffix)
    result = molgen("likelihood", molecules, "--model", "qm9-ar", "-o", out)
    assert result.stdout == ""
    assert (
        "read 4  scored 2  left out 2 (unparsable 1, unknown_token 1)" in result.stderr and "(exact)" in result.stderr
    )
    assert "left out: unparsable, line 2: " in result.stderr
    read = {
        ".csv": pandas.read_csv,
        ".tsv": lambda path: pandas.read_csv(path, sep="\t"),
        ".parquet": pandas.read_parquet,
    }
    table = read[suffix](out)
    assert table["smiles"].tolist() == ["CCO", "C1CC", "CC[Si]", "CCCO"] and table["line"].tolist() == [1, 2, 3, 4]
    expected = Generator.from_pretrained("qm9-ar").nll(["CCO", "CCCO"])
    assert table["nll"].dropna().tolist() == pytest.approx(list(expected), abs=1e-3)
    assert table["nll"].isna().tolist() == [False, True, True, False]


def test_names_of_molecules_are_kept(molgen: Run, molecules: Path, tmp_path: Path) -> None:
    table = tmp_path / "table.csv"
    table.write_text("Compound_ID,smiles,pIC50\nA-1,CCO,5\nA-2,C1CC,6\n")
    for file, names in ((molecules, ["ethanol", "", "", ""]), (table, ["A-1", "A-2"])):
        rows = csv.DictReader(molgen("likelihood", file, "--model", "qm9-ar").stdout.splitlines())
        assert [row["id"] for row in rows] == names


def test_records_of_an_sdf_are_not_called_lines(molgen: Run, tmp_path: Path) -> None:
    path = tmp_path / "two.sdf"
    write_molecules(path, ["CCO", "CC[Si]"], columns={"id": ["first", "second"]})
    result = molgen("likelihood", path, "--model", "qm9-ar")
    assert "left out: unknown_token, record 2: " in result.stderr and "line" not in result.stderr
    assert [(row["id"], row["record"]) for row in csv.DictReader(result.stdout.splitlines())] == [
        ("first", "1"),
        ("second", "2"),
    ]
    path.write_text(path.read_text() + "no structure\n$$$$\n")
    assert "record 3: unparsable: " in molgen("data", "info", path).stdout


def test_what_a_reader_notes_is_said_by_the_command(molgen: Run, tmp_path: Path) -> None:
    path = tmp_path / "twice.csv"
    path.write_text("smiles,smiles\nCCO,CCN\n")
    said = molgen("likelihood", path, "--model", "qm9-ar").stderr.splitlines()
    assert said[0] == "molgen: note: twice.csv has several columns 'smiles'; the first is read"


def test_without_a_file_it_is_a_table_on_stdout(molgen: Run, molecules: Path) -> None:
    rows = list(
        csv.DictReader(molgen("likelihood", molecules, "--model", "qm9-text", "--draws", 2).stdout.splitlines())
    )
    assert [row["reason"] for row in rows] == ["", "unparsable", "unknown_token", ""]
    assert float(rows[0]["nll"]) > 0 and rows[1]["nll"] == ""


def test_wrong_use_is_one_line(molgen: Run, molecules: Path) -> None:
    for arguments, said in (
        (["none.smi"], "neither a known set"),
        ([molecules, "-o", molecules.with_name("x.smi")], "no place for values"),
        ([molecules, "-o", molecules.with_name("x.doc")], "known formats"),
        ([molecules, "--model", "nope"], "there is no model"),
    ):
        result = molgen("likelihood", *arguments, code=2)
        assert said in result.stderr and len(result.stderr.splitlines()) == 1
