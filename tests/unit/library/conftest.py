"""A small library that tests read and do not change."""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from molgen.library import Library

MODEL = "qm9-ar"

SAME = {"model": MODEL, "seed": 5, "jobs": 1, "shard_attempts": 64, "progress": False}
"""Arguments of the small library, but for the number of molecules."""


@pytest.fixture(scope="session")
def library(tmp_path_factory: pytest.TempPathFactory) -> Library:
    """150 molecules in three files."""
    path = tmp_path_factory.mktemp("libraries") / "lib"
    return Library(path).build(150, **SAME)


@pytest.fixture
def copy(library: Library, tmp_path: Path) -> Library:
    """The small library in a folder of its own."""
    return Library(shutil.copytree(library.path, tmp_path / "copy"))


def smiles(library: Library) -> list[str]:
    """Its molecules, in order of attempt."""
    return list(library.query("SELECT smiles FROM molecules ORDER BY attempt")["smiles"])


Hashes = Callable[[Library], dict[str, str]]


@pytest.fixture(scope="session")
def hashes() -> Hashes:
    """Names and hashes of the files of a library."""

    def found(library: Library) -> dict[str, str]:
        files: list[Path] = sorted((library.path / "shards").iterdir())
        return {file.name: hashlib.sha256(file.read_bytes()).hexdigest() for file in files}

    return found
