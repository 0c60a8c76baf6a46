"""Shards that cannot be read, and what processes keep between them."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from molgen.errors import MolgenError
from molgen.library import Library
from tests.unit.library.conftest import SAME


def spoilt(file: Path) -> None:
    """The same number of bytes, and another end, where Parquet has its columns."""
    whole = file.read_bytes()
    file.write_bytes(whole[:-200] + b"\xff" * 200)


def test_damage_that_leaves_the_size_says_what_to_do(copy: Library, library: Library, tmp_path: Path) -> None:
    spoilt(copy.shards[1])
    for use in (
        lambda: copy.query("SELECT * FROM molecules"),
        lambda: copy.pick(3, jobs=1),
        lambda: Library.merge([library.path, copy.path], tmp_path / "all", jobs=1),
        lambda: Library(tmp_path / "new").build(5, exclude=copy.path, **SAME),
    ):
        with pytest.raises(MolgenError, match=r"01.parquet is damaged.*build \S*copy --resume makes") as caught:
            use()
        assert len(str(caught.value).splitlines()) == 1
    assert {path.name for path in tmp_path.iterdir()} == {"copy"}


@pytest.mark.slow
@pytest.mark.parametrize("name", ["nearest.npy", "excluded/0000.parquet"])
def test_damage_of_given_molecules_is_an_error(tmp_path: Path, name: str) -> None:
    known = tmp_path / "known.smi"
    known.write_text("CCO\n")
    made = Library(tmp_path / "lib").build(5, exclude=known, nearest=known, **SAME)
    (made.path / name).write_bytes(b"spoilt")
    with pytest.raises(MolgenError, match=rf"{name} is damaged: .*; put a copy in its place, or build another"):
        made.resume(90, jobs=1, progress=False)


@pytest.mark.slow
def test_a_library_built_again_in_its_place_has_its_own_training_set(tmp_path: Path) -> None:
    known, values = tmp_path / "known.smi", []
    for molecule in ("c1ccccc1", "CCO"):
        known.write_text(f"{molecule}\n")
        made = Library(tmp_path / "lib").build(20, nearest=known, **SAME)
        values.append(made.query("SELECT nearest FROM molecules ORDER BY attempt")["nearest"].tolist())
        shutil.rmtree(made.path)
    elsewhere = Library(tmp_path / "elsewhere").build(20, nearest=known, **SAME)
    assert values[1] == elsewhere.query("SELECT nearest FROM molecules ORDER BY attempt")["nearest"].tolist()
    assert values[0] != values[1]
