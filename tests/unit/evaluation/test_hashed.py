"""Sets of strings kept as hashes, and those that ship."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from molgen.evaluation.hashed import HashedStrings, differences
from molgen.system.shipped import shipped_path

TEXTS = st.sets(st.text(max_size=8), max_size=30)


@given(TEXTS, TEXTS)
def test_what_is_in_the_set_is_found_and_nothing_else(inside: set[str], others: set[str]) -> None:
    found = HashedStrings(differences(inside).astype(np.uint64))
    assert len(found) == len(inside)
    assert {text for text in inside | others if text in found} == inside
    assert 3 not in found


def test_scaffolds_of_moses_ship() -> None:
    with np.load(shipped_path("references", "moses") / "train.npz", allow_pickle=False) as stored:
        found = HashedStrings(stored["scaffold_hashes"])
    assert len(found) == 376_593
    assert "c1ccccc1" in found
    assert "O=C(Cc1ccccc1)Nc1ccccc1" in found
    assert "C1CCCCCCCCCC1" not in found
