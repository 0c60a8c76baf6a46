"""Metrics against hand counts, and their properties."""

from __future__ import annotations

import math
from pathlib import Path

import pandas
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from molgen.errors import MolgenError, UsageError
from molgen.evaluation import evaluate, frechet_chemnet_distance, judge, reference_of
from molgen.evaluation.result import table


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
    result = evaluate(attempts, reference_of(["CCO", "CCC"]))
    assert result.attempts == 8
    assert result["validity"] == 5 / 8
    assert result["validity_sanitize"] == 6 / 8
    assert result["uniqueness"] == 4 / 5
    assert result["novelty"] == 2 / 4
    assert result["vu"] == 4 / 8
    assert result["vun"] == 2 / 8
    assert result["atom_stability"] == 23 / 24 and result["molecule_stability"] == 6 / 8
    assert "fcd" not in result  # no test split to compare with
    assert "0.6250" in str(result) and result.to_pandas().loc["vun", "value"] == 0.25
    assert any("published tables rest on" in warning for warning in result.warnings)


def test_intervals_surround_their_figures_and_shrink() -> None:
    few, many = (evaluate(["CCO", "CCN", "C1CC", "CCC"] * k, jobs=1).metric("validity") for k in (2, 50))
    for metric in (few, many):
        assert metric.low is not None and metric.high is not None
        assert 0 <= metric.low < metric.value == 0.75 < metric.high <= 1
    assert many.high - many.low < few.high - few.low  # type: ignore[operator]


def test_nothing_valid_and_nothing_at_all() -> None:
    result = evaluate(["x", ""], reference_of(["C"], ["C", "CC"]), ["graph", "medchem", "moses"])
    assert result["validity"] == result["vu"] == result["vun"] == result["valid"] == 0
    assert all(
        math.isnan(result[name]) for name in ("uniqueness", "novelty", "fcd", "nspdk", "SNN/Test", "IntDiv", "SA")
    )
    with pytest.raises(MolgenError, match="nothing to evaluate"):
        evaluate([])


def test_unknown_names_are_refused() -> None:
    with pytest.raises(UsageError, match="unknown suite 'mose'"):
        evaluate(["C"], suite="mose")
    with pytest.raises(UsageError, match="unknown metric 'FCD'"):
        evaluate(["C"], suite="graph", only=["FCD"])
    with pytest.raises(UsageError, match="needs a reference"):
        evaluate(["C"], suite="graph", only=["vun"])


def test_a_request_that_cannot_be_met_is_refused_before_the_reference_is_read(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="unknown metric 'validty'"):
        evaluate(["C"], tmp_path / "none.smi", only="validty")
    for seconds in (0, -1, math.nan, math.inf):
        with pytest.raises(UsageError, match="the time limit must be above 0"):
            evaluate(["C"], tmp_path / "none.smi", time_limit=seconds)


@pytest.mark.slow
@settings(max_examples=15, deadline=None)
@given(st.lists(st.sampled_from(["CCO", "OCC", "CC", "C.C", "x", "", "C1CC1", "CN(C)(C)C"]), min_size=1, max_size=30))
def test_figures_are_shares_in_their_order(attempts: list[str]) -> None:
    r = evaluate(attempts, reference_of(["CC"]), jobs=1)
    assert 0 <= r["vun"] <= r["vu"] <= r["validity"] <= r["validity_sanitize"] <= 1
    assert r["validity"] <= r["validity_largest_fragment"] <= r["validity_sanitize"]
    if r["validity"]:
        assert r["vu"] == pytest.approx(r["validity"] * r["uniqueness"])
        assert r["vun"] == pytest.approx(r["vu"] * r["novelty"])


def test_order_writing_and_jobs_do_not_matter() -> None:
    first = evaluate(["CCO", "CC", "x"], reference_of(["CC"]), jobs=1)
    second = evaluate(["x", "C(C)", "OCC"], reference_of(["CC"]), jobs=2)
    assert first.suites == second.suites


@pytest.mark.slow
def test_fcd_is_zero_for_the_same_and_grows_with_difference(smiles: list[str]) -> None:
    same = frechet_chemnet_distance(smiles, smiles)
    half = frechet_chemnet_distance(smiles[::2], smiles[1::2])
    chains = frechet_chemnet_distance(["C" * n for n in range(1, 40)], smiles)
    assert abs(same) < 1e-4
    assert same < half < chains
    assert frechet_chemnet_distance(smiles[::2], smiles[1::2]) == pytest.approx(half)  # now from the cache


def test_a_chemist_sees_flags_and_nothing_is_dropped(smiles: list[str]) -> None:
    attempts = [*smiles[:60], "O=N(=O)c1ccccc1C=O", "C1=CC2=CC=C1C2", "not a molecule"]
    result = evaluate(attempts, reference_of(smiles, smiles[:300]), "medchem", flags=True)
    brenk = result.metric("alerts_BRENK")
    assert brenk.n == 62 and brenk.value > 0 and "most often" in brenk.note
    assert result["ring_system_never_seen"] > 0
    assert 1 <= result["circles"] <= 62 and "lower bound" in result.metric("circles").note
    assert 0 < result["QED"] < 1 < result["SA"] < 10
    table = result.flags
    assert table is not None and table["attempt"].tolist() == list(range(1, 64)) and not table["valid"].iloc[-1]
    assert "BRENK: nitro_group" in table["alerts"].iloc[60] and table["never_seen"].iloc[61]
    for name in ("BRENK", "PAINS"):  # the table says what the metric says
        flagged = table["alerts"].str.contains(f"{name}: ").sum()
        assert result[f"alerts_{name}"] == flagged / 62
    assert result["ring_system_never_seen"] == (table["never_seen"] != "").sum() / 62
    assert result["ring_system_rare"] == (table["rare"] != "").sum() / 62 > result["ring_system_never_seen"]
    assert result["alerts_any"] == (table["alerts"][table["valid"]] != "").sum() / 62
    assert not any("published tables" in warning for warning in result.warnings)  # a library is not a benchmark


def test_notes_of_several_files_name_the_file() -> None:
    found = [evaluate([smiles] * 3, suite="medchem", jobs=1) for smiles in ("O=[N+]([O-])c1ccccc1", "CC(=O)Cl")]
    row = next(row for row in table(found, ["a.smi", "b.smi"]) if row[0] == "alerts_BRENK")
    assert "a.smi: most often: nitro_group (3)" in row[-1] and "b.smi: most often: " in row[-1]


def test_molecules_are_taken_in_whatever_they_are_kept_in() -> None:
    series = pandas.Series(["CCO", None, "C1CC", "CCO"])
    scores = evaluate(series, jobs=1)
    assert scores.attempts == 4 and scores["validity"] == 0.5
    assert repr(scores).startswith("Evaluation(4 attempts, reference none: validity=0.5000")
    assert len(repr(scores)) < 200
    assert "<table" in scores._repr_html_() and "uniqueness" in scores._repr_html_()
    for wrong in ("CCO", series.to_frame()):
        with pytest.raises(UsageError, match=r"in a list|one column"):
            evaluate(wrong)
