"""Readers: every format, every kind of broken file."""

from __future__ import annotations

import gzip
from pathlib import Path

import pandas
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from molgen.datasets import load_dataset
from molgen.errors import MolgenError, UsageError
from molgen.io import read_rows, read_smiles, write_molecules
from molgen.io.streams import MAX_LINE

MOLECULES = ["CCO", "c1ccccc1", "CC(=O)[O-]"]


@pytest.mark.parametrize("suffix", [".smi", ".csv", ".parquet", ".sdf", ".smi.gz", ".csv.gz", ".parquet.gz", ".sdf.gz"])
def test_what_is_written_is_read(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"molecules{suffix}"
    write_molecules(path, MOLECULES)
    column = "smiles" if ".sdf" in suffix else None
    assert [text for _, text in read_smiles(path, column)] == MOLECULES
    assert len(list(read_smiles(path))) == 3


@pytest.mark.parametrize("suffix", [".csv", ".parquet", ".sdf"])
def test_missing_values_are_no_text(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"molecules{suffix}"
    columns = {"id": ["a", None, "nan"], "score": [1.5, float("nan"), None], "note": [pandas.NA, "x", None]}
    write_molecules(path, MOLECULES, columns=columns)
    rows = [{name: text for name, text in row.values.items() if text} for row in read_rows(path, "smiles", values=True)]
    assert [{name: row.get(name) for name in columns} for row in rows] == [
        {"id": "a", "score": "1.5", "note": None},
        {"id": None, "score": None, "note": "x"},
        {"id": "nan", "score": None, "note": None},
    ]


def test_columns_are_found_or_chosen(tmp_path: Path) -> None:
    path = tmp_path / "table.csv"
    pandas.DataFrame({"id": [1, 2], "SMILES": ["C", "CC"], "other": ["N", "NN"]}).to_csv(path, index=False)
    assert [text for _, text in read_smiles(path)] == ["C", "CC"]
    assert [text for _, text in read_smiles(path, "other")] == ["N", "NN"]
    with pytest.raises(UsageError, match=r"no column 'nope'.*id, SMILES, other"):
        list(read_smiles(path, "nope"))


@pytest.mark.parametrize("suffix", [".csv", ".tsv", ".parquet", ".sdf", ".csv.gz"])
def test_other_columns_are_read_where_they_are_asked_for(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"molecules{suffix}"
    write_molecules(path, MOLECULES, columns={"id": ["a", "b", "c 1"], "logP": [1.5, 2.0, -0.25]})
    rows = list(read_rows(path, values=True))
    assert [row.values["id"] for row in rows] == ["a", "b", "c 1"]
    assert [row.values["logP"] for row in rows] == ["1.5", "2.0", "-0.25"]
    assert [row.values["smiles"] for row in rows] == MOLECULES
    assert not any(row.values for row in read_rows(path))


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ('CCO ethyl alcohol\nC\nCC\t"x y"\n', ["ethyl alcohol", "", "x y"]),
        ("CCO;1,2-x\nC, methane\n", ["1,2-x", "methane"]),
        ("ethanol CCO\nmethane-x C\n", ["ethanol", "methane-x"]),
    ],
)
def test_names_of_a_smi_are_its_ids(tmp_path: Path, text: str, names: list[str]) -> None:
    path = tmp_path / "named.smi"
    path.write_text(text)
    assert [row.values["id"] for row in read_rows(path, values=True)] == names


@pytest.mark.parametrize("quote", ['"CCO,1', 'x,"CCO', '"CCO'])
def test_an_odd_quote_in_front_of_a_smiles_costs_no_other_row(tmp_path: Path, quote: str) -> None:
    path = tmp_path / "odd.csv"
    columns = ("name", "smiles") if quote.startswith("x") else ("smiles", "name")
    rows = [{"smiles": "C", "name": "a"}, {"smiles": "CC", "name": "b"}, {"smiles": 'C"CC', "name": "c"}]
    rows += [{"smiles": "CN", "name": '"two\nlines, one cell"'}, {"smiles": "CF", "name": "d"}]
    written = [",".join(row[name] for name in columns) for row in rows]
    path.write_text("\n".join([",".join(columns), written[0], quote, *written[1:]]) + "\n")
    assert list(read_smiles(path)) == [(2, "C"), (3, "CCO"), (4, "CC"), (5, 'C"CC'), (7, "CN"), (8, "CF")]


@pytest.mark.parametrize("end", ["", "\nCC\n"])
def test_a_line_of_any_length_is_one_row(tmp_path: Path, end: str) -> None:
    path = tmp_path / "long.smi"
    path.write_text("C" * (2 * MAX_LINE + 5) + "\nCCO\n" + "N" * MAX_LINE + end)
    rows = list(read_smiles(path))
    assert [number for number, _ in rows] == [1, 2, 3, 4][: 3 + bool(end)]
    assert [len(text) for _, text in rows] == [MAX_LINE, 3, MAX_LINE, 2][: 3 + bool(end)]


def test_smi_takes_the_first_word_and_skips_a_header(tmp_path: Path) -> None:
    path = tmp_path / "named.smi"
    path.write_text("smiles name\nCCO ethanol\n\nC methane\n")
    assert list(read_smiles(path)) == [(2, "CCO"), (3, ""), (4, "C")]


@pytest.mark.parametrize(
    ("name", "content", "error", "match"),
    [
        ("missing.smi", None, UsageError, "no file"),
        ("data.xyz", b"C", UsageError, "known formats"),
        ("empty.smi", b"", MolgenError, "no molecules"),
        ("empty.csv", b"", MolgenError, "no molecules"),
        ("headers.csv", b"smiles\n", MolgenError, "no molecules"),
        ("bad.parquet", b"PAR1 not really", MolgenError, "cannot read"),
        ("bad.smi.gz", b"not gzip", MolgenError, "cannot read"),
        ("cut.smi.gz", gzip.compress(b"CCO\n" * 1000, mtime=0)[:-10], MolgenError, "cannot read"),
        ("column.csv", b"a,b\n1,2\n", UsageError, "no column"),
    ],
)
def test_broken_files_have_one_line_errors(
    tmp_path: Path, name: str, content: bytes | None, error: type[MolgenError], match: str
) -> None:
    path = tmp_path / name
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(error, match=match) as caught:
        list(read_smiles(path))
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("suffix", [".smi", ".csv", ".tsv", ".parquet", ".sdf", ".smi.gz", ".parquet.gz"])
@given(content=st.binary(max_size=300))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60)
def test_any_bytes_give_rows_or_a_typed_error(tmp_path: Path, suffix: str, content: bytes) -> None:
    path = tmp_path / f"any{suffix}"
    path.write_bytes(content)
    try:
        assert all(isinstance(text, str) for _, text in read_smiles(path))
    except MolgenError as error:
        assert "\n" not in str(error)


def test_bad_molecules_are_skipped_counted_and_named(tmp_path: Path) -> None:
    path = tmp_path / "mixed.csv"
    rows = ["smiles", "CCO", "", "C1CC", '"C\nC"', "C" * 20_000, "CC.O", "OCC", "C[C@H](N)O", "CCN", "CCC", "CCCC"]
    path.write_text("\n".join(rows) + "\n")
    report = load_dataset(str(path)).report
    assert report.read == 11
    assert report.skipped == {"empty": 1, "unparsable": 1, "whitespace": 1, "too_long": 1, "fragments": 1}
    assert (report.kept, report.duplicates, report.stereo_dropped) == (5, 1, 1)
    assert report.examples["unparsable"][0][0] == 4
