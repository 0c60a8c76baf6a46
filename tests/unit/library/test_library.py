"""Arguments are checked before anything is made."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from molgen.errors import UsageError
from molgen.library import Library
from tests.unit.library.conftest import MODEL, SAME, smiles


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ({"filter": "qedd > 1"}, "unknown column 'qedd'; did you mean QED"),
        ({"exclude": "nowhere.smi"}, "neither a file"),
        ({"model": "nowhere"}, "there is no model"),
        ({"fragment": "*c1"}, "fragment"),
        ({"properties": {"logP": (1, 3)}}, "cannot be asked for"),
        ({"engine": "spark"}, "there is no engine"),
        ({"address": "auto"}, "goes with the engine ray"),
        ({"n": 0}, "at least 1"),
        ({"n": 2.5}, "number of molecules must be a whole number"),
        ({"seed": "x"}, "the seed must be a whole number"),
        ({"batch_size": 0}, "the batch size must be at least 1"),
        ({"shard_attempts": 0}, "shard_attempts must be at least 1"),
        ({"max_attempts": 0}, "max_attempts must be at least 1"),
    ],
)
def test_bad_requests_leave_nothing(tmp_path: Path, arguments: dict[str, object], said: str) -> None:
    made = Library(tmp_path / "lib")
    with pytest.raises(UsageError, match=said):
        made.build(**{"n": 5, "model": MODEL, "progress": False, **arguments})
    assert not made.path.exists() and repr(made).endswith("not built)")


@pytest.mark.slow
def test_numbers_of_numpy_are_numbers(tmp_path: Path) -> None:
    numbers = {"seed": np.int64(5), "shard_attempts": np.int32(64), "max_attempts": np.int64(64)}
    made = Library(tmp_path / "lib").build(np.int64(5), **{**SAME, **numbers}, batch_size=np.int16(64))
    made.resume(np.int64(6), max_attempts=np.int64(64), jobs=1, progress=False)
    plain = Library(tmp_path / "plain").build(6, **SAME, batch_size=64)
    assert smiles(made) == smiles(plain) and made.manifest.settings == plain.manifest.settings
    assert len(made.pick(np.int64(3), jobs=1)) == 3
