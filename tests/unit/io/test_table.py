"""Records of tables are split as Python's own reader splits them."""

from __future__ import annotations

import csv
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from molgen.io import read_rows
from molgen.io.table import _cells


@given(record=st.text('a1# \t,;|"\u2028', max_size=12), ended=st.booleans(), delimiter=st.sampled_from(",;\t| "))
def test_cells_are_those_of_the_csv_module(record: str, ended: bool, delimiter: str) -> None:
    whole = record + "\n" * ended
    try:
        reader = csv.reader([whole], delimiter=delimiter, skipinitialspace=delimiter != "\t", strict=True)
        expected = next(reader, [])
    except csv.Error:
        return
    assert _cells(whole, delimiter) == expected


def test_a_record_beyond_the_limit_of_the_csv_module_is_empty(tmp_path: Path) -> None:
    path = tmp_path / "long.csv"
    path.write_text(f"smiles,note\nCCO,\n{'C' * 99_000},\n{'C' * 140_000},\n")
    assert [len(row.smiles) for row in read_rows(path)] == [3, 99_000, 0]
