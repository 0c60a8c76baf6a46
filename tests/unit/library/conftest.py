"""A small library that tests read and do not change."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path

import pytest

from molgen.library import Library

MODEL = "qm9-ar"


@pytest.fixture(scope="session")
def library(tmp_path_factory: pytest.TempPathFactory) -> Library:
    """150 molecules in three files."""
    path = tmp_path_factory.mktemp("libraries") / "lib"
    return Library(path).build(150, model=MODEL, seed=5, jobs=1, shard_attempts=64, progress=False)


Hashes = Callable[[Library], dict[str, str]]


@pytest.fixture(scope="session")
def hashes() -> Hashes:
    """Names and hashes of the files of a library."""

    def found(library: Library) -> dict[str, str]:
        files: list[Path] = sorted((library.path / "shards").iterdir())
        return {file.name: hashlib.sha256(file.read_bytes()).hexdigest() for file in files}

    return found
