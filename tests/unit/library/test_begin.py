"""Beginning a library: where, and with which given molecules."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from rdkit import Chem

from molgen.errors import LeftOutWarning, MolgenError, UsageError
from molgen.library import Library
from molgen.library.summary import summary
from tests.unit.library.conftest import MODEL, SAME, Hashes, smiles


@pytest.mark.slow
def test_excluded_molecules_do_not_come(library: Library, tmp_path: Path) -> None:
    known = tmp_path / "known.smi"
    known.write_text("\n".join(Chem.MolToSmiles(Chem.MolFromSmiles(s), doRandom=True) for s in smiles(library)[:50]))
    made = Library(tmp_path / "lib").build(100, exclude=[known], **SAME)
    assert smiles(made) == smiles(library)[50:]
    assert made.counts()["excluded"] >= 50 and made.manifest.excluded == {str(known): 50}
    other = Library(tmp_path / "other").build(40, exclude=library.path, **SAME)
    assert not set(smiles(other)) & set(smiles(library))


def test_given_molecules_that_cannot_be_used_are_counted_and_named(tmp_path: Path) -> None:
    known = tmp_path / "known.smi"
    known.write_text("CCO\nC1CC\nC.C\nCC(\n")
    with pytest.warns(LeftOutWarning) as caught:
        made = Library(tmp_path / "lib").build(5, exclude=known, nearest=known, **SAME)
    said = [str(one.message) for one in caught if one.category is LeftOutWarning]
    for name in ("known.smi", "reference known.smi"):
        assert any(text.startswith(f"{name}: 2 of 4 left out as unparsable; first: line 2, ") for text in said), said
        assert any(text.startswith(f"{name}: 1 of 4 left out as fragments; first: line 3, ") for text in said), said
    assert made.manifest.excluded == {str(known): 1}
    assert made.manifest.unusable == {str(known): {"unparsable": 2, "fragments": 1}}
    assert dict(summary(made))[f"not usable of {known}"] == "unparsable 2, fragments 1"


def test_a_file_of_which_nothing_can_be_used_is_refused(tmp_path: Path) -> None:
    known = tmp_path / "known.smi"
    known.write_text("C1CC\n")
    with pytest.raises(MolgenError, match=r"^nothing in known.smi can be used: 1 read, skipped: unparsable 1$"):
        Library(tmp_path / "lib").build(5, exclude=known, **SAME)
    assert not (tmp_path / "lib").exists()


@pytest.mark.slow
def test_nearest_is_the_similarity_to_a_set(library: Library, tmp_path: Path) -> None:
    known = tmp_path / "known.smi"
    known.write_text("\n".join(smiles(library)[:40]))
    made = Library(tmp_path / "lib").build(60, nearest=known, **SAME)
    values = made.query("SELECT nearest FROM molecules ORDER BY attempt")["nearest"]
    assert set(values[:40]) == {1.0} and values[40:].between(0, 1).all() and values[40:].min() < 1


def test_a_library_that_was_begun_meanwhile_stays(tmp_path: Path, hashes: Hashes) -> None:
    first, known = Library(tmp_path / "lib"), tmp_path / "known.smi"
    known.write_text("CCO\n")
    first.path.mkdir()  # an empty folder is as good as none
    before: dict[str, str] = {}

    def begun_meanwhile() -> Iterator[Path]:
        first.build(20, **SAME)
        before.update(hashes(first))
        yield known

    with pytest.raises(UsageError, match="lib is a library; go on with it") as caught:
        Library(first.path).build(30, exclude=begun_meanwhile(), **{**SAME, "seed": 6})
    assert len(str(caught.value).splitlines()) == 1
    assert hashes(first) == before and len(first) == 20 and first.manifest.settings.seed == 5
    assert {path.name for path in tmp_path.iterdir()} == {"lib", "known.smi"}


def test_a_link_to_an_empty_folder_is_followed(tmp_path: Path) -> None:
    (tmp_path / "large_disk").mkdir()
    (tmp_path / "lib").symlink_to(tmp_path / "large_disk")
    Library(tmp_path / "lib").build(5, **SAME)
    assert len(Library(tmp_path / "large_disk")) == 5 and (tmp_path / "lib").is_symlink()


def test_a_folder_with_other_things_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("mine")
    with pytest.raises(UsageError, match="not empty"):
        Library(tmp_path).build(5, model=MODEL)
    with pytest.raises(UsageError, match="not a library"):
        Library(tmp_path).query("SELECT 1")
    assert [path.name for path in tmp_path.iterdir()] == ["notes.txt"]
