"""Given files are read in every format, and what cannot be used of them is said with the words of the format."""

from __future__ import annotations

from pathlib import Path

import pytest

from molgen.datasets.known import known_molecules
from molgen.datasets.reading import Reading
from molgen.errors import LeftOutWarning, UsageError
from molgen.io import write_molecules


def test_records_are_counted_in_the_unit_of_the_format(tmp_path: Path) -> None:
    file, found = tmp_path / "known.sdf.gz", Reading("known.sdf.gz")
    write_molecules(file, ["OCC", "C1CC", "F[C@H](Cl)Br"])
    with pytest.warns(LeftOutWarning, match="known.sdf.gz: 1 of 3 left out as .*; first: record 2, "):
        assert list(known_molecules(file, 1, found)) == ["CCO", "FC(Cl)Br"]
    assert found.read == 3 and sum(found.skipped.values()) == 1


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="there is no file"):
        list(known_molecules(tmp_path / "known.smi", 1))
