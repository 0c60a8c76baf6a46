"""Molecules that have come before are found, however many parts they are compared in."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from molgen.errors import MolgenError
from molgen.library.duplicates import EXCLUDED, REPEATED, find_duplicates


def synthetic(folder: Path, rows: int, different: int, files: int) -> tuple[list[Path], pandas.DataFrame]:
    rng = np.random.default_rng(0)
    table = pandas.DataFrame({"smiles": [f"C{i}" for i in rng.integers(0, different, rows)], "attempt": range(rows)})
    paths = []
    for number, part in enumerate(np.array_split(np.arange(rows), files)):
        paths.append(folder / f"{number}.parquet")
        pq.write_table(pa.Table.from_pandas(table.iloc[part], preserve_index=False), paths[-1])
    return paths, table


@pytest.mark.parametrize("at_a_time", [300, 2_000_000])
def test_the_first_attempt_stays(tmp_path: Path, at_a_time: int) -> None:
    paths, table = synthetic(tmp_path, 5000, 3000, 7)
    paths = paths[::-1]  # files in any order
    excluded = tmp_path / "excluded.parquet"
    left_out = sorted(set(table["smiles"]))[:200]
    pq.write_table(pa.table({"smiles": left_out}), excluded)
    found = find_duplicates(paths, [excluded], tmp_path, rows=at_a_time)
    gone = table["smiles"].isin(left_out)
    assert found[EXCLUDED].tolist() == table["attempt"][gone].tolist()
    assert found[REPEATED].tolist() == table["attempt"][~gone & table.duplicated("smiles")].tolist()
    assert not list(tmp_path.glob(".scratch*"))


@pytest.mark.parametrize("name", ["attempt=7", "smiles=C", "a[1]", "it's"])
def test_names_of_folders_mean_nothing(tmp_path: Path, name: str) -> None:
    folder = tmp_path / name
    folder.mkdir()
    paths, table = synthetic(folder, 500, 300, 3)
    found = find_duplicates(paths, [paths[0]], folder, rows=100)
    gone = table["smiles"].isin(table["smiles"][: len(pq.read_table(paths[0], partitioning=None))])
    assert found[EXCLUDED].tolist() == table["attempt"][gone].tolist()
    assert found[REPEATED].tolist() == table["attempt"][~gone & table.duplicated("smiles")].tolist()


def test_nothing_twice_drops_nothing(tmp_path: Path) -> None:
    path = tmp_path / "a.parquet"
    pq.write_table(pa.table({"smiles": ["C", "CC"], "attempt": [0, 1]}), path)
    assert not any(map(len, find_duplicates([path]).values())) and not any(map(len, find_duplicates([]).values()))


def test_a_file_that_is_none_is_an_error(tmp_path: Path) -> None:
    paths, _ = synthetic(tmp_path, 100, 50, 2)
    whole = paths[0].read_bytes()
    paths[0].write_bytes(whole[:8] + b"\xff" * (len(whole) - 600) + whole[-592:])
    with pytest.raises(MolgenError):
        find_duplicates(paths)
