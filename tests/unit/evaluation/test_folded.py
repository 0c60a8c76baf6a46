"""A mean in little space gives the distances of the whole one."""

from __future__ import annotations

from pathlib import Path
from typing import NoReturn

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from molgen.evaluation import evaluate
from molgen.evaluation.distances import mean_discrepancy
from molgen.evaluation.fcd import activations, distance, moments
from molgen.evaluation.folded import FoldedVector
from molgen.evaluation.hashed import digest_of
from molgen.evaluation.references import Reference, find_reference, reference_of
from molgen.evaluation.sample import examine
from molgen.features.neighbourhoods import SparseVector

ENTRIES = st.dictionaries(st.integers(0, 2**62), st.floats(-2, 2), max_size=20)


def vector(entries: dict[int, float]) -> SparseVector:
    keys = np.array(sorted(entries), np.int64)
    return SparseVector(keys, np.array([entries[key] for key in keys.tolist()], np.float64))


def random_vector(draw: np.random.Generator, keys: np.ndarray, count: int) -> SparseVector:
    return SparseVector(np.sort(draw.choice(keys, count, replace=False)), draw.random(count) ** 8)


@given(entries=ENTRIES, others=ENTRIES)
def test_where_all_entries_are_kept_it_is_exact(entries: dict[int, float], others: dict[int, float]) -> None:
    first, second = vector(entries), vector(others)
    folded = FoldedVector.of(first, kept=20, width=2)
    assert folded.discrepancy(second) == pytest.approx(mean_discrepancy(first, second), abs=1e-8)


def test_what_is_folded_is_right_on_average_and_by_so_much_as_theory_says() -> None:
    """The variance of a folded product is at most twice the product of the squared lengths over the number of sums."""
    draw = np.random.default_rng(0)
    keys = draw.integers(0, 2**62, 5000) | 1  # odd, as those of NSPDK
    errors, deviations = [], []
    for _ in range(100):
        first, second = random_vector(draw, keys, 2000), random_vector(draw, keys, 2000)
        folded = FoldedVector.of(first, kept=100, width=1024)
        errors.append(folded.discrepancy(second) - mean_discrepancy(first, second))
        rest = np.sort(first.values)[:-100]
        deviations.append(2 * np.sqrt(2 * (rest @ rest) * (second.values @ second.values) / 1024))
    assert abs(np.mean(errors)) < np.mean(deviations) / 3
    assert 0 < np.std(errors) < np.mean(deviations)


def refuse(*_: object, **__: object) -> NoReturn:
    raise AssertionError("this was not to be needed")


def test_a_reference_that_ships_with_it_needs_no_molecule_read(smiles: list[str], tmp_path: Path) -> None:
    mean = examine(smiles, ["neighbourhoods"], verdicts=False).mean("neighbourhoods")
    np.savez(tmp_path / "test.npz", **FoldedVector.of(mean, kept=3000).arrays("neighbourhoods"))
    shipped = Reference("small", {"train": lambda: smiles, "test": refuse}, tmp_path, stereo=False)
    expected = evaluate(smiles[:200], reference=reference_of(smiles, smiles), suite="graph", only=["nspdk"])
    found = evaluate(smiles[:200], reference=shipped, suite="graph", only=["nspdk"])
    assert found["nspdk"] == pytest.approx(expected["nspdk"], abs=1e-5) and expected["nspdk"] > 1e-3


def test_what_ships_is_used_for_its_own_molecules_alone(
    smiles: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    mean = examine(smiles, ["neighbourhoods"], verdicts=False).mean("neighbourhoods")
    arrays = FoldedVector.of(mean).arrays("neighbourhoods")
    np.savez(tmp_path / "test.npz", digest=np.array(digest_of(smiles)), **arrays)
    others = smiles[:300]
    reference = Reference("small", {"test": lambda: others}, tmp_path, stereo=False)
    reference.prepare("test", ["neighbourhoods"], 1)
    own = examine(others, ["neighbourhoods"], verdicts=False).mean("neighbourhoods")
    assert reference.discrepancy("test", "neighbourhoods", own) == pytest.approx(0, abs=1e-8)
    monkeypatch.setattr("molgen.evaluation.references.examine", refuse)
    reference = Reference("small", {"test": lambda: smiles}, tmp_path, stereo=False)
    reference.prepare("test", ["neighbourhoods"], 1)
    assert reference.discrepancy("test", "neighbourhoods", mean) == pytest.approx(0, abs=1e-8)


@pytest.mark.slow
def test_what_ships_for_qm9_is_of_its_test_split(monkeypatch: pytest.MonkeyPatch) -> None:
    """It would be computed anew if RDKit wrote other SMILES than when this was made; here nothing is computed."""
    reference = find_reference("qm9")
    monkeypatch.setattr("molgen.evaluation.references.examine", refuse)
    monkeypatch.setattr("molgen.evaluation.references.cached_moments", refuse)
    reference.prepare("test", ["neighbourhoods"], 1)
    some = reference.smiles("test")[::26]
    own = examine(some, ["neighbourhoods"], verdicts=False, jobs=1).mean("neighbourhoods")
    assert 0 < reference.discrepancy("test", "neighbourhoods", own) < 2e-3
    assert distance(moments(activations(some)), reference.moments("test")) < 1
