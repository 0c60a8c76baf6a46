"""Queries read the library, and nothing else."""

from __future__ import annotations

import io
import shutil
from pathlib import Path

import pandas
import pytest

from molgen.errors import UsageError
from molgen.io import read_smiles
from molgen.library import Library


def test_answers_are_right(library: Library) -> None:
    table = pandas.concat(pandas.read_parquet(file) for file in library.shards)
    best = table[table["TPSA"] < 30].sort_values(["QED", "attempt"], ascending=[False, True]).head(10)
    found = library.query("SELECT smiles, qed FROM molecules WHERE tpsa < 30 ORDER BY qed DESC, attempt LIMIT 10")
    assert found["smiles"].tolist() == best["smiles"].tolist() and found["QED"].tolist() == best["QED"].tolist()
    with_names = "WITH t AS (SELECT count(*) AS n FROM molecules) SELECT n FROM t"
    assert library.query(with_names)["n"].tolist() == [150]


@pytest.mark.parametrize(
    "sql",
    [
        "DROP VIEW molecules",
        "CREATE TABLE mine AS SELECT 1",
        "INSERT INTO molecules VALUES (1)",
        "UPDATE molecules SET smiles = 'C'",
        "DELETE FROM molecules",
        "COPY molecules TO '{shards}/x.parquet'",
        "SELECT 1; SELECT 2",
        "SET threads = 4",
        "ATTACH '{outside}'",
        "SELECT * FROM read_csv('{outside}')",
        "SELECT * FROM '{outside}'",
        "SELECT * FROM read_text('{shards}/../../outside.csv')",
        "SELECT * FROM glob('/etc/*')",
        "SELECT nothing FROM molecules",
        "SELECT",
        "INSTALL httpfs",
        "",
    ],
)
def test_what_does_not_only_read_the_library_is_refused(library: Library, tmp_path: Path, sql: str) -> None:
    outside = tmp_path / "outside.csv"
    outside.write_text("a\n1\n")
    before = sorted(path.name for path in (library.path / "shards").iterdir())
    with pytest.raises(UsageError) as caught:
        library.query(sql.format(outside=outside, shards=library.path / "shards"))
    assert len(str(caught.value).splitlines()) == 1
    assert sorted(path.name for path in (library.path / "shards").iterdir()) == before


@pytest.mark.parametrize("suffix", ["csv", "parquet", "sdf", "smi"])
def test_answers_are_written(library: Library, tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"top.{suffix}"
    library.export("SELECT smiles, QED FROM molecules ORDER BY attempt LIMIT 7", path)
    expected = library.query("SELECT smiles FROM molecules ORDER BY attempt LIMIT 7")["smiles"].tolist()
    assert [text for _, text in read_smiles(path)] == expected
    with pytest.raises(UsageError, match="exists"):
        library.export("SELECT smiles FROM molecules", path)


@pytest.mark.parametrize(
    ("column", "suffix", "said"),
    [
        ("list(smiles)", "csv", "'x' holds list.*write a .parquet"),
        ("{'a': max(QED)}", "csv", "'x' holds struct"),
        ("INTERVAL 1 DAY", "csv", "'x' holds month_day_nano_interval"),
        ("INTERVAL 1 DAY", "parquet", "'x' holds month_day_nano_interval.*which a .parquet cannot"),
    ],
)
def test_columns_that_a_format_cannot_hold_are_refused_by_name(
    library: Library, tmp_path: Path, column: str, suffix: str, said: str
) -> None:
    path, sql = tmp_path / f"x.{suffix}", f"SELECT scaffold, {column} AS x FROM molecules GROUP BY scaffold"
    with pytest.raises(UsageError, match=said) as caught:
        library.export(sql, path)
    assert len(str(caught.value).splitlines()) == 1 and not list(tmp_path.iterdir())
    if suffix == "csv":
        stream = io.BytesIO()
        with pytest.raises(UsageError, match=said):
            library.export(sql, stream)
        assert not stream.getvalue()


def test_lists_are_written_to_parquet_or_as_text(library: Library, tmp_path: Path) -> None:
    library.export("SELECT list(smiles) AS x FROM molecules", tmp_path / "x.parquet")
    library.export("SELECT CAST(list(smiles) AS VARCHAR) AS x FROM molecules", tmp_path / "x.csv")
    assert len(pandas.read_parquet(tmp_path / "x.parquet")["x"][0]) == 150
    assert pandas.read_csv(tmp_path / "x.csv")["x"][0].count(",") >= 149


@pytest.mark.parametrize("name", ["QED=0.5", "smiles=C", "a[1]", "it's"])
def test_names_of_folders_are_no_columns(library: Library, tmp_path: Path, name: str) -> None:
    there = Library(shutil.copytree(library.path, tmp_path / name / "lib"))
    sql = "SELECT * FROM molecules ORDER BY attempt"
    pandas.testing.assert_frame_equal(there.query(sql), library.query(sql))


def test_formats_of_molecules_need_smiles(library: Library, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="needs the column smiles"):
        library.export("SELECT QED FROM molecules", tmp_path / "top.sdf")
    stream = io.BytesIO()
    library.export("SELECT count(*) AS n FROM molecules", stream)
    assert stream.getvalue() == b'"n"\n150\n'
