"""Damage is found, named with what to do, and mended."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest
from filelock import FileLock

from molgen.errors import MolgenError
from molgen.library import Library
from molgen.library.manifest import Folder
from molgen.library.shard import drop
from tests.unit.library.conftest import Hashes


@pytest.mark.slow
@pytest.mark.parametrize("damage", ["missing", "shorter", "changed"])
def test_a_damaged_file_is_named_and_made_again(copy: Library, hashes: Hashes, damage: str) -> None:
    before, file = hashes(copy), copy.shards[1]
    whole = file.read_bytes()
    if damage == "missing":
        file.unlink()
    else:
        middle = len(whole) // 3
        file.write_bytes(whole[:-20] if damage == "shorter" else whole[:middle] + b"\xff" * 40 + whole[middle + 40 :])
    what = "missing" if damage == "missing" else "damaged"
    with pytest.raises(MolgenError, match=f"{file.name} is {what}.*--resume"):
        copy.query("SELECT * FROM molecules")
    copy.resume(jobs=1, progress=False)
    assert hashes(copy) == before and len(copy) == 150


def test_damage_of_a_merged_library_says_what_to_do(library: Library, tmp_path: Path) -> None:
    merged = Library.merge([library.path, library.path], tmp_path / "all", jobs=1)
    merged.shards[0].write_bytes(b"")
    with pytest.raises(MolgenError, match=r"is damaged; merge the libraries again that \S*all is made of$"):
        merged.query("SELECT * FROM molecules")


@pytest.mark.parametrize(("name", "line"), [("manifest.json", ""), ("shards.jsonl", ", line 2,")])
def test_a_bad_byte_beside_the_shards_is_an_error(copy: Library, name: str, line: str) -> None:
    file = copy.path / name
    lines = file.read_bytes().split(b"\n")
    lines[1] = lines[1][:8] + b"\xff" + lines[1][8:]
    file.write_bytes(b"\n".join(lines))
    with pytest.raises(MolgenError, match=rf"{name}{line} is damaged: .*; (remove the line, and|put a copy)") as caught:
        copy.query("SELECT * FROM molecules")
    assert len(str(caught.value).splitlines()) == 1
    if name == "shards.jsonl":
        del lines[1]
        file.write_bytes(b"\n".join(lines))
        assert len(copy.resume(jobs=1, progress=False)) == 150


@pytest.mark.slow
def test_a_shard_that_is_written_and_not_yet_noted_is_not_damaged(copy: Library) -> None:
    note = copy.notes[1]
    attempts = copy.query(f"SELECT attempt FROM molecules WHERE attempt >= {note.first} ORDER BY attempt")["attempt"]
    lock = FileLock(copy.path / ".lock")
    with lock:  # of the process that builds it
        noted = drop(str(copy.path), note, {"repeated": attempts[:3].to_numpy()})
        with pytest.raises(MolgenError, match=r"is being built, .* again in a moment"):
            copy.query("SELECT * FROM molecules")
        late = threading.Timer(0.3, Folder(copy.path).add_note, [noted])
        late.start()
        assert len(copy.query("SELECT * FROM molecules")) == 147
        late.join()
        copy.shards[1].write_bytes(b"spoilt")
    with pytest.raises(MolgenError, match="is damaged"):
        copy.query("SELECT * FROM molecules")
