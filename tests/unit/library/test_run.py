"""One process builds a library at a time, and goes on with what it was begun with."""

from __future__ import annotations

import json

import pytest

from molgen.errors import MolgenError
from molgen.library import Library


def test_of_two_builders_one_is_refused(copy: Library) -> None:
    with pytest.raises(MolgenError, match="another process is building"):

        def second(kept: int, text: str) -> None:
            Library(copy.path).resume(200, jobs=1, progress=False)

        copy.resume(200, jobs=1, progress=second)


def test_another_model_or_version_is_refused(copy: Library) -> None:
    file = copy.path / "manifest.json"
    before = json.loads(file.read_text())
    for change, said in (
        ({"versions": {**before["versions"], "rdkit": "1999.1"}}, "begun with rdkit 1999.1"),
        ({"settings": {**before["settings"], "weights_sha256": "0" * 64}}, "other weights"),
        ({"version": 99}, "format version 99"),
        ({"format": "something"}, "not a library"),
    ):
        file.write_text(json.dumps({**before, **change}))
        with pytest.raises(MolgenError, match=said):
            copy.resume(jobs=1)
