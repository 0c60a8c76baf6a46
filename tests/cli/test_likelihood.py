"""`molgen likelihood` as a user calls it."""

from __future__ import annotations

import csv
from pathlib import Path

import pandas
import pytest

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
