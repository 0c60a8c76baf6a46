"""Several libraries become one without repetition."""

from __future__ import annotations

from pathlib import Path

import pytest

from molgen.errors import MolgenError, UsageError
from molgen.library import Library
from molgen.library.summary import summary
from tests.unit.library.conftest import MODEL


@pytest.mark.slow
def test_each_molecule_once_and_the_first_library_wins(library: Library, tmp_path: Path) -> None:
    known = tmp_path / "known.smi"
    known.write_text("CCO\nCCN\n")
    other = Library(tmp_path / "other").build(
        120, model=MODEL, seed=5, jobs=1, shard_attempts=50, nearest=known, progress=False
    )
    third = Library(tmp_path / "third").build(30, model=MODEL, seed=6, jobs=1, progress=False)
    merged = Library.merge([library.path, other.path, third.path], tmp_path / "all", jobs=1)
    table = merged.query("SELECT * FROM molecules ORDER BY attempt")
    mine = library.query("SELECT * FROM molecules ORDER BY attempt")
    assert table["smiles"][:150].tolist() == mine["smiles"].tolist() and table["nearest"][:150].isna().all()
    assert set(table["smiles"]) == set(mine["smiles"]) | set(third.query("SELECT smiles FROM molecules")["smiles"])
    assert table["smiles"].is_unique and table["attempt"].is_unique and len(merged) == len(table)
    assert [source.name for source in merged.manifest.sources] == ["lib", "other", "third"]
    assert f"{len(merged):,} of {len(merged):,} (finished)" in dict(summary(merged))["molecules"]
    with pytest.raises(UsageError, match="merged from other libraries"):
        merged.resume()


def test_of_unfinished_libraries_says_what_can_be_done(library: Library, tmp_path: Path) -> None:
    unfinished = Library(tmp_path / "unfinished")
    with pytest.raises(MolgenError, match="only"):
        unfinished.build(500, model=MODEL, seed=6, jobs=1, shard_attempts=64, max_attempts=64, progress=False)
    assert "molgen library build --resume" in dict(summary(unfinished))["molecules"]
    merged = Library.merge([library.path, unfinished.path], tmp_path / "all", jobs=1)
    said = dict(summary(merged))["molecules"]
    assert "finish the libraries it is merged from, and merge them again" in said and "--resume" not in said


def test_what_cannot_be_merged_is_refused(library: Library, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="two libraries"):
        Library.merge([library.path], tmp_path / "all")
    with pytest.raises(UsageError, match="not a library"):
        Library.merge([library.path, tmp_path], tmp_path / "all")
    with pytest.raises(UsageError, match="exists"):
        Library.merge([library.path, library.path], tmp_path)
    assert not (tmp_path / "all").exists()
