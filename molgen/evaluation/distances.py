"""Distances between two sets of molecules, from their features."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from molgen.evaluation.columns import Words, find_keys
from molgen.features.neighbourhoods import SparseVector


def count_similarity(reference: Counter[str], words: Words) -> tuple[float, Callable[[NDArray[np.float64]], float]]:
    """Cosine similarity between counts of strings, and the same with weighted rows.

    Returns:
        The cosine, nan where either side is empty, and a function that computes it for ``(rows,)`` weights.
    """
    names = words.names
    shared = np.array([reference.get(name, 0) for name in names], dtype=np.float64)
    length = math.sqrt(sum(count * count for count in reference.values()))
    ids, rows = words.ids, words.rows

    def cosine(weights: NDArray[np.float64]) -> float:
        counts = np.bincount(ids, weights=weights[rows], minlength=len(names))
        product = length * float(np.linalg.norm(counts))
        return float(counts @ shared) / product if product else math.nan

    return cosine(np.ones(len(words))), cosine


def wasserstein(
    reference: NDArray[np.float64], values: NDArray[np.float64]
) -> tuple[float, Callable[[NDArray[np.float64]], float]]:
    """First Wasserstein distance (by scipy), and a function that computes it for weights of `values`."""
    if len(reference) == 0 or len(values) == 0:
        return math.nan, lambda weights: math.nan

    def weighted(weights: NDArray[np.float64]) -> float:
        return float(stats.wasserstein_distance(reference, values, v_weights=weights))

    return float(stats.wasserstein_distance(reference, values)), weighted


_FLOOR = 1e-10


def continuous_divergence(reference: NDArray[np.float64], values: NDArray[np.float64]) -> float:
    """GuacaMol's KL divergence of a continuous descriptor: kernel densities on 1,000 points, KL(ref || gen)."""
    both = np.concatenate([reference, values])
    points = np.linspace(both.min(), both.max(), num=1000)
    densities = []
    for part in (reference, values):
        if len(part) < 2 or np.ptp(part) == 0:  # a density needs two different points
            return math.nan
        densities.append(stats.gaussian_kde(part)(points) + _FLOOR)
    return float(stats.entropy(*densities))


def discrete_divergence(reference: NDArray[np.float64], values: NDArray[np.float64]) -> float:
    """GuacaMol's KL divergence of a count: histograms on ten bins over the reference's range, KL(ref || gen)."""
    expected, edges = np.histogram(reference, bins=10, density=True)
    inside = np.histogram(values, bins=edges)[0].sum()
    if inside == 0:
        return math.nan
    found, _ = np.histogram(values, bins=edges, density=True)
    return float(stats.entropy(expected + _FLOOR, found + _FLOOR))


def mean_discrepancy(first: SparseVector, second: SparseVector) -> float:
    """Squared maximum mean discrepancy with a linear kernel: |mean feature vector - mean feature vector|^2.

    Args:
        first: with ascending keys.
        second: likewise.
    """
    at, shared = find_keys(first.keys, second.keys)
    differences = first.values.copy()
    differences[at[shared]] -= second.values[shared]
    return float(differences @ differences + second.values[~shared] @ second.values[~shared])


def entropy(counts: Counter[str]) -> float:
    """Shannon entropy of counts, nats."""
    return float(stats.entropy(np.array(list(counts.values())))) if counts else math.nan
