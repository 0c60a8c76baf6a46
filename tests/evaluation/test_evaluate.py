"""Figures against hand counts, published figures and the original MOSES code."""

from __future__ import annotations

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from molgen.errors import MolgenError
from molgen.evaluation import evaluate, frechet_chemnet_distance, judge
from tests.conftest import SHARED


@pytest.mark.parametrize(
    ("text", "strict", "sanitize", "largest", "relaxed"),
    [
        ("CCO", True, True, True, True),
        ("OCC", True, True, True, True),
        ("CC.O", False, True, True, False),  # fragments
        ("C(C)(C)(C)(C)C", False, False, False, False),  # five bonds on carbon
        ("CN(C)(C)C", False, False, False, True),  # four bonds on nitrogen: a charge mends it
        ("CO(C)C", False, False, False, True),
        ("CN(C)(C)(C)C", False, False, False, False),
        ("c1cccc1", False, False, False, False),  # cannot be kekulised
        ("", False, False, False, False),
        ("C1CC", False, False, False, False),
        ("C" * 20_000, False, False, False, False),
    ],
)
def test_definitions_of_validity(text: str, strict: bool, sanitize: bool, largest: bool, relaxed: bool) -> None:
    verdict = judge(text)
    assert (verdict.strict, verdict.sanitize, verdict.largest_fragment, verdict.relaxed) == (
        strict,
        sanitize,
        largest,
        relaxed,
    )


def test_figures_by_hand() -> None:
    attempts = ["CCO", "OCC", "CCN", "C1CC", "CC.O", "CCC", "CC=O", "C(C)(C)(C)(C)C"]
    result = evaluate(attempts, train=["CCO", "CCC"])
    assert result.attempts == 8
    assert result.validity == 5 / 8
    assert result.validity_sanitize == 6 / 8
    assert result.uniqueness == 4 / 5
    assert result.novelty == 2 / 4
    assert result.vu == 4 / 8
    assert result.vun == 2 / 8
    assert result.fcd is None
    assert "0.6250" in str(result) and result.to_pandas()["vun"] == 0.25


def test_nothing_valid_and_nothing_at_all() -> None:
    result = evaluate(["x", ""], train=["C"])
    assert (result.validity, result.uniqueness, result.novelty, result.vun) == (0, 0, 0, 0)
    with pytest.raises(MolgenError, match="nothing to evaluate"):
        evaluate([])
    with pytest.raises(MolgenError, match="at least 2"):
        evaluate(["x"], test=["C", "CC"])


@given(st.lists(st.sampled_from(["CCO", "OCC", "CC", "C.C", "x", "", "C1CC1", "CN(C)(C)C"]), min_size=1, max_size=30))
def test_figures_are_shares_in_their_order(attempts: list[str]) -> None:
    r = evaluate(attempts, train=["CC"])
    assert r.novelty is not None and r.vun is not None
    assert 0 <= r.vun <= r.vu <= r.validity <= r.validity_sanitize <= 1
    assert r.validity <= r.validity_largest_fragment <= r.validity_sanitize
    assert r.vu == pytest.approx(r.validity * r.uniqueness)
    assert r.vun == pytest.approx(r.vu * r.novelty)


def test_order_and_writing_do_not_matter() -> None:
    assert evaluate(["CCO", "CC", "x"], train=["CC"]) == evaluate(["x", "C(C)", "OCC"], train=["CC"])


def test_fcd_is_zero_for_the_same_and_grows_with_difference(smiles: list[str]) -> None:
    same = frechet_chemnet_distance(smiles, smiles)
    half = frechet_chemnet_distance(smiles[::2], smiles[1::2])
    chains = frechet_chemnet_distance(["C" * n for n in range(1, 40)], smiles)
    assert abs(same) < 1e-4
    assert same < half < chains
    assert frechet_chemnet_distance(smiles[::2], smiles[1::2]) == pytest.approx(half)  # now from the cache


def test_validity_agrees_with_the_original_moses_code() -> None:
    """MOSES counts what sanitises; its figure for the published samples is known (see the fixture's README)."""
    folder = SHARED / "moses"
    if not folder.is_dir():
        pytest.skip("../shared/fixtures is not here")
    lines = (folder / "smiles_5k.txt").read_text().split("\n")[:5000]
    expected = json.loads((folder / "expected.json").read_text())
    share = np.mean([judge(line).sanitize for line in lines])
    assert share == pytest.approx(expected["valid"], abs=2e-4)
