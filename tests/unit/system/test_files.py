"""Folders of the cache: made once, whole, whoever comes at the same time."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from molgen.errors import MolgenError
from molgen.system.files import make_once


def test_of_several_one_makes_it_and_the_others_wait(tmp_path: Path) -> None:
    made = []

    def make(folder: Path) -> None:
        made.append(folder)
        time.sleep(0.05)
        (folder / "last").write_text("whole")

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda _: make_once(tmp_path / "entry", "last", make), range(4)))
    assert len(made) == 1 and (tmp_path / "entry" / "last").read_text() == "whole"
    assert {path.name for path in tmp_path.iterdir()} <= {"entry", ".entry.lock"}


def test_the_first_that_is_finished_wins_where_there_are_no_locks(tmp_path: Path) -> None:
    entry = tmp_path / "entry"

    def make(folder: Path) -> None:
        entry.mkdir()  # as another process would, meanwhile
        (entry / "last").write_text("first")
        (folder / "last").write_text("second")

    make_once(entry, "last", make)
    assert (entry / "last").read_text() == "first"


def test_a_folder_that_is_not_whole_is_replaced(tmp_path: Path) -> None:
    entry = tmp_path / "entry"
    entry.mkdir()
    (entry / "half").touch()
    make_once(entry, "last", lambda folder: (folder / "last").touch())
    assert [path.name for path in entry.iterdir()] == ["last"]


def test_nothing_is_left_of_a_failure(tmp_path: Path) -> None:
    def fail(folder: Path) -> None:
        (folder / "half").touch()
        raise MolgenError("nothing in there can be used")

    with pytest.raises(MolgenError, match="can be used"):
        make_once(tmp_path / "entry", "last", fail)
    assert not (tmp_path / "entry").exists() and not list(tmp_path.glob(".partial*"))
