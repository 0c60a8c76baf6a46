"""Distances of sets, by hand and in closed form."""

from __future__ import annotations

import math
from collections import Counter

import numpy as np
import pytest
from rdkit import Chem, DataStructs
from rdkit.Chem import rdFingerprintGenerator

from molgen.evaluation.columns import Words
from molgen.evaluation.distances import (
    continuous_divergence,
    count_similarity,
    discrete_divergence,
    entropy,
    mean_discrepancy,
    wasserstein,
)
from molgen.evaluation.similarity import internal_diversity, nearest_similarity
from molgen.features.neighbourhoods import SparseVector

MOLECULES = ["CCO", "CCN", "CCCO", "c1ccccc1O", "c1ccccc1N", "CC(=O)O", "C1CCCCC1", "C"]


def words_of(*rows: list[str]) -> Words:
    words = Words()
    for row in rows:
        words.add(row)
    return words


def test_cosine_of_counts() -> None:
    words = words_of(["a"], ["a", "b"], ["c"])
    found, weighted = count_similarity(Counter(a=3, b=4), words)
    assert found == pytest.approx((2 * 3 + 1 * 4) / (5 * math.sqrt(6)))
    assert weighted(np.array([1.0, 0.0, 0.0])) == pytest.approx(3 / 5)
    assert weighted(np.array([0.0, 2.0, 2.0])) == pytest.approx((2 * 3 + 2 * 4) / (5 * math.sqrt(12)))
    assert math.isnan(count_similarity(Counter(), words)[0])


def test_wasserstein_is_the_area_between_distributions() -> None:
    found, weighted = wasserstein(np.array([0.0, 0.0]), np.array([1.0, 3.0]))
    assert found == pytest.approx(2)
    assert weighted(np.array([3.0, 1.0])) == pytest.approx(1.5)
    assert math.isnan(wasserstein(np.zeros(0), np.ones(2))[0])


def test_divergence_of_two_normal_distributions() -> None:
    """KL(N(0, 1) || N(0, 2)) = ln 2 + 1/8 - 1/2; of means apart by 1 it is 1/2. Kernels widen both by a twentieth."""
    narrow, wide = (scale * np.random.default_rng(0).normal(size=4000) for scale in (1.0, 2.0))
    assert continuous_divergence(narrow, wide) == pytest.approx(math.log(2) - 3 / 8, rel=0.15)
    assert continuous_divergence(wide, narrow) > 0.8  # 3/2 - ln 2, and more where kernels of the narrow one end
    assert continuous_divergence(narrow, narrow + 1) == pytest.approx(0.5, rel=0.1)
    assert continuous_divergence(narrow, narrow) == pytest.approx(0, abs=1e-12)
    assert math.isnan(continuous_divergence(narrow, np.ones(5)))


def test_divergence_of_two_histograms() -> None:
    reference, values = np.arange(10.0), np.array([0.0, 0.0, 0.0, 9.0])
    # Ten bins of a tenth each; three quarters in the first, a quarter in the last, 1e-10 in densities elsewhere.
    expected = sum(0.1 * math.log(0.1 / p) for p in (0.75, 0.25)) + 8 * 0.1 * math.log(0.1 / (1e-10 * 0.9))
    assert discrete_divergence(reference, values) == pytest.approx(expected, rel=1e-3)
    assert discrete_divergence(reference, reference[::-1]) == pytest.approx(0, abs=1e-12)
    assert math.isnan(discrete_divergence(reference, np.array([20.0])))


def test_discrepancy_of_sparse_means() -> None:
    first = SparseVector(np.array([1, 5]), np.array([1.0, 2.0]))
    second = SparseVector(np.array([5, 7]), np.array([0.5, 3.0]))
    assert mean_discrepancy(first, second) == pytest.approx(1 + 1.5**2 + 9)


def test_entropy_is_in_nats() -> None:
    assert entropy(Counter(a=5, b=5)) == pytest.approx(math.log(2))
    assert entropy(Counter(a=1, b=1, c=2)) == pytest.approx(1.5 * math.log(2))
    assert entropy(Counter(a=3)) == 0 and math.isnan(entropy(Counter()))


def test_similarities_are_those_of_rdkit_over_all_pairs() -> None:
    generator = rdFingerprintGenerator.GetMorganGenerator(radius=2, fpSize=1024)
    vectors = [generator.GetFingerprint(Chem.MolFromSmiles(text)) for text in MOLECULES]
    prints = np.stack([np.frombuffer(DataStructs.BitVectToBinaryText(vector), dtype=np.uint64) for vector in vectors])
    table = np.array([DataStructs.BulkTanimotoSimilarity(vector, vectors) for vector in vectors])
    others = np.where(np.eye(len(table), dtype=bool), 0, table)
    np.testing.assert_allclose(nearest_similarity(prints), others.max(1))
    np.testing.assert_allclose(nearest_similarity(prints[:3], prints[3:]), table[:3, 3:].max(1))
    found = internal_diversity(prints)
    assert found.first == pytest.approx(1 - table.mean())
    second = np.sqrt((table**2).mean(1))
    assert found.second == pytest.approx(1 - second.mean())
    assert found.error == pytest.approx(2 * table.mean(1).std() / math.sqrt(len(table)))
    assert found.second_error == pytest.approx(2 * second.std() / math.sqrt(len(table)))
