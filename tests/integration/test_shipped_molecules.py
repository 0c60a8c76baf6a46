"""The same seed gives the same molecules as in the release that made `fixtures/shipped_molecules.json`."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

import molgen

EXPECTED = json.loads((Path(__file__).parents[1] / "fixtures" / "shipped_molecules.json").read_text())
ROUNDING = 2
"""Of 100 molecules so many may differ: processors round differently, and a draw may fall between."""


@pytest.mark.parametrize("case", EXPECTED)
def test_same_seed_same_molecules(case: str) -> None:
    expected = EXPECTED[case]
    model = molgen.load(case.split()[0])
    attempts = list(model.attempts(100, seed=7, **expected["settings"]))
    differing = [pair for pair in zip(attempts, expected["attempts"], strict=True) if pair[0] != pair[1]]
    assert len(differing) <= ROUNDING, differing[:5]
