"""Frechet ChemNet distance with the weights and the arithmetic of its authors' `fcd` package (Preuer et al., 2018)."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import torch
from numpy.typing import NDArray

from molgen.errors import MolgenError
from molgen.evaluation.hashed import digest_of
from molgen.evaluation.intervals import MetricValue, bootstrap
from molgen.system.files import cache_root, whole_file
from molgen.system.hardware import keep_memory, parallel_map

LENGTH = 350
"""Characters that ChemNet reads; longer inputs are cut."""

_BATCH = 128


@dataclass(frozen=True)
class Moments:
    """Mean ``(512,)`` and covariance ``(512, 512)`` of ChemNet activations."""

    mean: NDArray[np.float64]
    covariance: NDArray[np.float64]

    @cached_property
    def root(self) -> NDArray[np.float64]:
        """Symmetric square root of the covariance."""
        values, vectors = np.linalg.eigh(self.covariance)
        return np.asarray((vectors * np.sqrt(np.maximum(values, 0))) @ vectors.T)


def activations(smiles: Sequence[str], progress: Callable[[int], None] | None = None) -> NDArray[np.float32]:
    """ChemNet's activations ``(n, 512)`` of valid canonical SMILES, each string longer than `LENGTH` cut there.

    Network and encoding are those of the package. Batches are made here, one per core at a time and each distinct
    string once, which is some three times faster than the package's loop.
    """
    import fcd
    from fcd.utils import get_one_hot

    keep_memory()
    network = fcd.load_ref_model()
    distinct = list(dict.fromkeys(smiles))
    batches = [distinct[start : start + _BATCH] for start in range(0, len(distinct), _BATCH)]

    def forward(batch: list[str]) -> NDArray[np.float32]:
        encoded = np.stack([get_one_hot(text[: LENGTH - 1], LENGTH) for text in batch])
        inputs = torch.from_numpy(encoded / encoded.shape[2]).float().transpose(1, 2)
        with torch.inference_mode():
            return np.array(network(inputs).numpy(), dtype=np.float32)  # a view would keep 37 MB

    rows: list[NDArray[np.float32]] = []
    for part in parallel_map(forward, batches, torch.device("cpu")):
        rows.append(part)
        if progress is not None:
            progress(min(_BATCH * len(rows), len(distinct)))
    position = {text: i for i, text in enumerate(distinct)}
    found = np.concatenate(rows) if rows else np.zeros((0, 512), dtype=np.float32)
    return found[[position[text] for text in smiles]]


def moments(values: NDArray[np.float32]) -> Moments:
    """Moments of activations ``(n, 512)``.

    Raises:
        MolgenError: fewer than two molecules.
    """
    if len(values) < 2:
        raise MolgenError(f"FCD needs at least 2 valid molecules on each side, got {len(values)}")
    return Moments(values.mean(0).astype(np.float64), np.cov(values.T))


def cached_moments(smiles: Sequence[str], progress: Callable[[int], None] | None = None) -> Moments:
    """Moments of a reference set, cached by content in the user's cache."""
    path = cache_root() / "fcd" / f"{digest_of(smiles)}.npz"
    if path.is_file():
        try:
            with np.load(path, allow_pickle=False) as stored:
                return Moments(stored["mean"], stored["covariance"])
        except (OSError, ValueError, KeyError):
            path.unlink(missing_ok=True)
    found = moments(activations(smiles, progress))
    path.parent.mkdir(parents=True, exist_ok=True)
    with whole_file(path) as temporary, temporary.open("wb") as stream:
        np.savez(stream, mean=found.mean, covariance=found.covariance)
    return found


def distance(first: Moments, second: Moments) -> float:
    """||m_1 - m_2||^2 + tr(C_1 + C_2 - 2 (C_1 C_2)^(1/2)), as the package computes it."""
    import fcd

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # of scipy, about an argument of the package's
        return float(fcd.calculate_frechet_distance(first.mean, first.covariance, second.mean, second.covariance))


def frechet_chemnet_distance(smiles: Sequence[str], reference: Sequence[str]) -> float:
    """Distance between two sets of valid canonical SMILES; 0 is best.

    Args:
        smiles: repeats included.
        reference: its moments are cached.

    Raises:
        MolgenError: fewer than two molecules.
    """
    return distance(moments(activations(smiles)), cached_moments(reference))


MINIMUM = 10
"""Molecules below which the distance, from a mean and a covariance of 512 numbers, is not computed."""


def fcd_metric(name: str, values: NDArray[np.float32], reference: Callable[[], Moments], note: str = "") -> MetricValue:
    """The distance with its bootstrap interval; nan for fewer than `MINIMUM` molecules.

    Args:
        name: of the metric.
        values: activations ``(n, 512)``.
        reference: gives the moments of the other side.
        note: of the metric.
    """
    if len(values) < MINIMUM:
        return MetricValue(name, float("nan"), len(values), note=f"needs at least {MINIMUM} valid molecules")
    try:
        other = reference()
    except MolgenError as error:
        return MetricValue(name, float("nan"), len(values), note=str(error))

    def resampled(weights: NDArray[np.float64]) -> float:
        share = (weights / weights.sum()).astype(np.float32)
        centre = share @ values
        centred = (values - centre) * np.sqrt(share)[:, None]
        covariance = (centred.T @ centred).astype(np.float64)
        cross = np.linalg.eigvalsh(other.root @ covariance @ other.root)
        shift = centre - other.mean
        spread = np.trace(covariance) + np.trace(other.covariance) - 2 * np.sqrt(np.maximum(cross, 0)).sum()
        return float(shift @ shift + spread)

    return bootstrap(name, distance(moments(values), other), len(values), resampled, note)
