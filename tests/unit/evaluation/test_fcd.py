"""ChemNet's activations are those of its authors, the distance that of Gaussians in closed form."""

from __future__ import annotations

import json
from itertools import product

import fcd
import numpy as np
import psutil
import pytest

from molgen.chem.standardize import canonical_smiles
from molgen.evaluation import Reference, evaluate
from molgen.evaluation.fcd import Moments, activations, cached_moments, distance, fcd_metric, moments
from molgen.system.shipped import shipped_path
from tests.conftest import SHARED

TEXTS = ["CCO", "c1ccccc1", "CC(=O)Oc1ccccc1C(=O)O", "CCO", "C[N+](C)(C)C", "C" * 360, "O=C1NC(=O)c2[nH]cnc21"]


def gaussians(seed: int = 0, n: int = 6) -> tuple[Moments, Moments, float]:
    """Two whose covariances have the same axes, and |m_1 - m_2|^2 + sum of (s_1 - s_2)^2 over these."""
    generator = np.random.default_rng(seed)
    axes = np.linalg.qr(generator.normal(size=(n, n)))[0]
    means = generator.normal(size=(2, n))
    spreads = generator.uniform(0.2, 2, size=(2, n))
    first, second = (Moments(m, axes @ np.diag(s**2) @ axes.T) for m, s in zip(means, spreads, strict=True))
    return first, second, float(((means[0] - means[1]) ** 2).sum() + ((spreads[0] - spreads[1]) ** 2).sum())


def test_distance_of_gaussians_in_closed_form() -> None:
    first, second, expected = gaussians()
    assert distance(first, second) == pytest.approx(expected) == pytest.approx(distance(second, first))
    moved = Moments(second.mean + 1, second.covariance)
    assert distance(second, moved) == pytest.approx(6)
    assert distance(second, second) == pytest.approx(0, abs=1e-9)
    np.testing.assert_allclose(first.root @ first.root, first.covariance, atol=1e-12)


def test_moments_are_those_of_numpy() -> None:
    values = np.random.default_rng(0).normal(size=(50, 4)).astype(np.float32)
    found = moments(values)
    np.testing.assert_allclose(found.mean, values.mean(0), atol=1e-6)
    centred = values - values.mean(0)
    np.testing.assert_allclose(found.covariance, centred.T @ centred / 49, atol=1e-6)


def test_the_metric_is_the_distance_and_its_interval_that_of_resampling() -> None:
    """Of n normal numbers with variance 1 and mean d: the distance is about d^2, its standard error 2 d / sqrt(n)."""
    n, shift = 4000, 3.0
    values = (shift + np.random.default_rng(0).normal(size=(n, 1))).astype(np.float32)
    values = np.concatenate([values, np.random.default_rng(1).normal(size=(n, 1)).astype(np.float32)], axis=1)
    other = Moments(np.zeros(2), np.eye(2))
    found = fcd_metric("x", values, lambda: other)
    assert found.value == pytest.approx(distance(moments(values), other)) == pytest.approx(9, abs=0.3)
    assert found.low is not None and found.high is not None
    half = 1.96 * 2 * shift / n**0.5
    assert 0.65 * half < (found.high - found.low) / 2 < 1.4 * half
    assert np.isnan(fcd_metric("x", values[:9], lambda: other).value)


def test_activations_are_those_of_the_package() -> None:
    """Of the longest one the package gets what ChemNet reads of it."""
    network = fcd.load_ref_model()
    expected = fcd.get_predictions(network, [text[:349] for text in TEXTS])
    found = activations(TEXTS)
    np.testing.assert_allclose(found, expected, atol=1e-5)
    assert (found[0] == found[3]).all() and not np.allclose(found[0], found[1])


def test_moments_are_kept_by_content() -> None:
    first, second = (cached_moments([canonical_smiles("C" * n + end) for n in range(1, 12)]) for end in ("O", "N"))
    assert not np.allclose(first.mean, second.mean)
    again = cached_moments([canonical_smiles("C" * n + "O") for n in range(1, 12)])
    assert (again.mean == first.mean).all() and (again.covariance == first.covariance).all()
    expected = moments(activations([canonical_smiles("C" * n + "N") for n in range(1, 12)]))
    np.testing.assert_allclose(second.mean, expected.mean, atol=1e-6)


def test_shipped_moments_of_moses_are_sound() -> None:
    """Means and a covariance of numbers between 0 and 1, as ChemNet's last layer gives them, of full size."""
    reference = Reference("moses", {"test": list}, shipped_path("references", "moses"))
    found = reference.moments("test")
    assert found.mean.shape == (512,) and found.covariance.shape == (512, 512)
    assert (found.covariance == found.covariance.T).all() and np.linalg.eigvalsh(found.covariance).min() > -1e-6


@pytest.mark.slow
def test_published_samples_have_the_distance_that_the_original_code_printed() -> None:
    folder = SHARED / "moses"
    if not folder.is_dir():
        pytest.skip("../shared/fixtures is not here")
    lines = (folder / "smiles_5k.txt").read_text().split("\n")[:5000]
    expected = json.loads((folder / "expected.json").read_text())
    moses = Reference("moses", {"test": list, "test_scaffolds": list}, shipped_path("references", "moses"))
    found = evaluate(lines, moses, "moses", only=["FCD/Test", "FCD/TestSF"])
    for name in ("FCD/Test", "FCD/TestSF"):
        assert found[name] == pytest.approx(expected[name], rel=4e-5), name


@pytest.mark.slow
def test_memory_does_not_grow_with_every_batch() -> None:
    texts = ["".join(atoms) for atoms in product("CNO", repeat=7)]
    process = psutil.Process()
    activations(texts[:256])  # the network, and the largest batch
    before = process.memory_info().rss
    assert activations(texts).shape == (2187, 512)
    growth = process.memory_info().rss - before
    assert growth < 350e6  # 17 batches, each of which used to keep 37 MB
