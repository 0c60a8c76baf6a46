"""Files as people have them, and what they mean by them; the inputs are in tests/fixtures/cases."""

from __future__ import annotations

import io
import shutil
import sys
from collections import Counter
from pathlib import Path

import pytest

from molgen.chem.standardize import Limits
from molgen.datasets import find_source, load_dataset
from molgen.datasets.encoding import Encoded, encode_records
from molgen.errors import MolgenError
from molgen.io import read_rows, streams

CASES = Path(__file__).parents[2] / "fixtures" / "cases"

READ: dict[str, tuple[list[str], dict[str, int]]] = {
    "all_empty.smi": ([], {"empty": 3}),
    "atom_maps.smi": (["CO", "CO", "CO"], {}),
    "blank_after_comma.csv": (["CCO", "CCC"], {}),
    "blank_lines.csv": (["CCO", "CCC", "CCN"], {"empty": 2}),
    "chembl.csv": (["CCO", "CCN"], {}),
    "chembl_upper.csv": (["CCO"], {}),
    "comma.smi": (["CCO", "CCC"], {}),
    "comment.smi": (["CCO", "CCC"], {"empty": 1}),
    "crlf.csv.gz": (["CCO", "CCC"], {}),
    "dummies.smi": ([], {"dummy": 4}),
    "dup_columns.csv": (["CCO", "CCN"], {}),
    "eval_whitespace.csv": (["CCO", "CCN", "CCC", "CCF"], {}),
    "excel_unicode.txt": (["CCO", "CCC"], {}),
    "header_space.smi": (["CCO", "CCC"], {}),
    "header_tab.smi": (["CCO"], {}),
    "isosmiles.csv": (["CCO"], {}),
    "latin1.csv": (["CCO", "CCC"], {}),
    "leading.smi": (["CCO", "CCC", "CCN"], {}),
    "namefirst.smi": (["CCO", "CCC"], {}),
    "names.smi": (["CCO", "CCC", "c1ccccc1"], {}),
    "nbsp.smi": (["CCO", "CCC", "CCN"], {}),
    "noheader.csv": (["CCO", "CCC", "CCN"], {}),
    "noheader_quoted.csv": (["CCO", "CCC"], {}),
    "oldmac.csv": (["CCO", "CCC"], {}),
    "oldmac.smi": (["CCO", "CCC", "CCN"], {}),
    "other_name.csv": (["CCO"], {}),
    "quote_ok.csv": (["CCO", "CCC", "CCN", "CCF"], {}),
    "quote_swallow.tsv": (["CCO", "CCC", "CCN", "CCF", "CCCl"], {}),
    "quoted.smi": (["CCO", "CCC"], {}),
    "salts.smi": ([], {"fragments": 2}),
    "same.smi": (["CCO", "CCO", "CCO", "CCO"], {}),
    "scaf.smi": (["c1ccccc1", "c1ccncc1"], {"unparsable": 1}),
    "scaf.tsv": (["Cc1ccccc1", "Cc1ccncc1"], {}),
    "sdf_anybond.sdf": (["CCN"], {"query": 1}),
    "sdf_badvalence.sdf": (["CCN"], {"unparsable": 1}),
    "sdf_blank_mend.sdf": (["CCC"], {"unparsable": 1}),
    "sdf_blankspace.sdf": (["CCO", "CCC", "CCN", "c1ccccc1"], {}),
    "sdf_bom.sdf": (["CCO", "CCC", "CCN", "c1ccccc1"], {}),
    "sdf_crlf.sdf": (["CCO", "CCC", "CCN", "c1ccccc1"], {}),
    "sdf_dative.sdf": (["CCN"], {"dative_bond": 1}),
    "sdf_emptymol.sdf": (["CCO", "CCN"], {"unparsable": 1}),
    "sdf_emptymol_short.sdf": (["CCO", "CCN"], {"unparsable": 1}),
    "sdf_hydrogens.sdf": (["CCO", "CCC", "CCN", "c1ccccc1", "[2H]C"], {}),
    "sdf_latin1.sdf": (["CCO", "CCC", "CCN", "c1ccccc1"], {}),
    "sdf_list.sdf": (["CCO"], {"query": 1}),
    "sdf_noblank.sdf": (["CCO", "CCC", "CCN", "c1ccccc1"], {}),
    "sdf_noend.sdf": (["CCC", "CCN"], {}),
    "sdf_query.sdf": (["CCO"], {"query": 1}),
    "sdf_rgroup.sdf": (["CCO"], {"query": 1}),
    "sdf_sdbond.sdf": (["CCN"], {"query": 1}),
    "sdf_shorthead.sdf": (["CCC", "CCN"], {"unparsable": 1}),
    "sdf_trailing.sdf": (["CCC", "CCN"], {}),
    "sdf_v3000.sdf": (["CCO", "CCC", "CCN", "c1ccccc1"], {}),
    "semicolon.smi": (["CCO", "CCC"], {}),
    "semicolon_bom.csv": (["CCO", "c1ccccc1"], {"empty": 1}),
    "sepline.csv": (["CCO"], {}),
    "smi_header.smi": (["CCO", "CCC"], {}),
    "unicode_bonds.smi": ([], {"unparsable": 2}),
    "utf16.csv": (["CCO", "CCC"], {}),
}
"""Molecules in order, and what is skipped by reason."""

COUNTED = {"many_tokens.smi": 400, "own40.smi": 40, "own400.smi": 400, "stereo24.smi": 24, "train_unseen.smi": 49}


def read(path: Path) -> tuple[list[str], Counter[str]]:
    """Canonical SMILES, and reasons of what is skipped."""
    kept, skipped = [], Counter[str]()
    for _, item in encode_records(find_source(str(path)).records(), False, Limits(), jobs=1):
        if isinstance(item, Encoded):
            kept.append(item.smiles)
        else:
            skipped[item[0]] += 1
    return kept, skipped


@pytest.mark.parametrize("name", READ)
def test_files_are_read_as_meant(name: str) -> None:
    molecules, skipped = READ[name]
    assert read(CASES / name) == (molecules, skipped)


@pytest.mark.parametrize("name", COUNTED)
def test_larger_files_lose_nothing(name: str) -> None:
    kept, skipped = read(CASES / name)
    assert len(kept) == COUNTED[name] and not skipped


def test_a_molecule_beyond_the_limits_is_skipped_by_name(tmp_path: Path) -> None:
    path = tmp_path / "long.smi"
    path.write_text(f"CCO\n{'C' * 1001}\n{'C' * 5000}\n{'C' * 300}\nCCC\n")
    assert read(path) == (["CCO", "CCC"], {"too_long": 2, "too_many_atoms": 1})


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("sdf_badvalence.sdf", "Explicit valence for atom # 1 N, 4, is greater than permitted"),
        ("sdf_blank_mend.sdf", "unexpected blank line"),
        ("sdf_shorthead.sdf", "Cannot convert"),
        ("sdf_emptymol.sdf", "no atoms"),
        ("sdf_emptymol_short.sdf", "Cannot convert"),
    ],
)
def test_an_unparsable_record_has_the_reason_of_rdkit(name: str, said: str, capfd: pytest.CaptureFixture[str]) -> None:
    problems = [row.problem for row in read_rows(CASES / name) if row.problem is not None]
    assert len(problems) == 1 and problems[0][0] == "unparsable" and said in problems[0][1]
    assert capfd.readouterr().err == ""


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("quote_open.csv", "a quote is opened in line 2 and not closed"),
        ("notgz.smi.gz", "Not a gzipped file"),
        ("truncated.smi.gz", "ended before"),
    ],
)
def test_a_broken_file_is_one_line_that_says_where(name: str, said: str) -> None:
    with pytest.raises(MolgenError, match=said):
        list(read_rows(CASES / name))


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("dup_columns.csv", "several columns 'smiles'"),
        ("noheader.csv", "no header; column 1"),
        ("namefirst.smi", "names come first"),
    ],
)
def test_what_was_guessed_is_said(name: str, said: str, caplog: pytest.LogCaptureFixture) -> None:
    list(read_rows(CASES / name))
    assert said in caplog.text


@pytest.mark.parametrize("name", ["X.sd", "X.SDF", "X.SDF.gz"])
def test_other_suffixes_of_structures(name: str, tmp_path: Path) -> None:
    import gzip

    content = (CASES / "sdf_noblank.sdf").read_bytes()
    (tmp_path / name).write_bytes(gzip.compress(content) if name.endswith("gz") else content)
    assert read(tmp_path / name)[0] == ["CCO", "CCC", "CCN", "c1ccccc1"]


@pytest.mark.parametrize("name", ["x.ism", "dataset.SMI", "x.smiles"])
def test_other_suffixes_of_smiles(name: str, tmp_path: Path) -> None:
    shutil.copyfile(CASES / "names.smi", tmp_path / name)
    assert read(tmp_path / name)[0] == ["CCO", "CCC", "c1ccccc1"]


def test_standard_input_is_read_once_and_again(monkeypatch: pytest.MonkeyPatch) -> None:
    streams._standard_input.cache_clear()
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b"CCO ethanol\nC1CC\nCCN\n")))
    try:
        assert [row.smiles for row in read_rows("-")] == ["CCO", "C1CC", "CCN"]
        assert load_dataset("-").report.read == 3
    finally:
        streams._standard_input.cache_clear()


def test_same_bytes_in_two_formats_have_caches_of_their_own() -> None:
    first, second = (find_source(str(CASES / name)).fingerprint() for name in ("scaf.smi", "scaf.tsv"))
    assert (CASES / "scaf.smi").read_bytes() == (CASES / "scaf.tsv").read_bytes() and first != second


def test_a_column_is_read_by_its_name(tmp_path: Path) -> None:
    path = tmp_path / "own_mol.csv"
    path.write_text("mol\n" + (CASES / "own40.smi").read_text())
    assert len(list(read_rows(path, "mol"))) == 40


@pytest.mark.parametrize("suffix", [".smi", ".csv", ".sdf"])
def test_memory_does_not_grow_with_the_file(suffix: str, tmp_path: Path) -> None:
    import tracemalloc

    path, record = tmp_path / f"many{suffix}", "CCO,x\n"
    if suffix == ".sdf":
        record = (CASES / "sdf_noblank.sdf").read_text().split("$$$$\n")[0] + "$$$$\n"
    peaks = []
    for count in (300, 3000):
        path.write_text(("smiles,name\n" if suffix == ".csv" else "") + record * count)
        tracemalloc.start()
        assert sum(1 for _ in read_rows(path)) == count
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert peaks[1] < peaks[0] + 100_000
