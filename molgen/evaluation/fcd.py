"""Frechet ChemNet distance, through the `fcd` package of its authors (Preuer et al., 2018)."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from molgen.errors import MolgenError
from molgen.files import cache_root, whole_file

Statistics = tuple[NDArray[np.float64], NDArray[np.float64]]
"""Mean ``(512,)`` and covariance ``(512, 512)`` of ChemNet activations."""


def activation_statistics(smiles: Sequence[str]) -> Statistics:
    """Statistics of valid canonical SMILES.

    Raises:
        MolgenError: fewer than two molecules.
    """
    if len(smiles) < 2:
        raise MolgenError(f"FCD needs at least 2 valid molecules, got {len(smiles)}")
    import fcd

    activations = fcd.get_predictions(fcd.load_ref_model(), list(smiles), n_jobs=0, device="cpu").astype(np.float64)
    return activations.mean(0), np.cov(activations.T)


def cached_statistics(smiles: Sequence[str]) -> Statistics:
    """The same for a reference set, remembered in the user's cache by content."""
    digest = hashlib.sha256("\n".join(smiles).encode()).hexdigest()[:32]
    path = cache_root() / "fcd" / f"{digest}.npz"
    if path.is_file():
        try:
            with np.load(path, allow_pickle=False) as stored:
                return stored["mean"], stored["covariance"]
        except (OSError, ValueError, KeyError):
            path.unlink(missing_ok=True)
    mean, covariance = activation_statistics(smiles)
    path.parent.mkdir(parents=True, exist_ok=True)
    with whole_file(path) as temporary, temporary.open("wb") as stream:
        np.savez(stream, mean=mean, covariance=covariance)
    return mean, covariance


def frechet_chemnet_distance(smiles: Sequence[str], reference: Sequence[str]) -> float:
    """||m_1 - m_2||^2 + tr(C_1 + C_2 - 2 (C_1 C_2)^(1/2)) between ChemNet activations; 0 is best.

    Args:
        smiles: valid canonical SMILES, repeats included.
        reference: valid canonical SMILES; its statistics are cached.

    Raises:
        MolgenError: fewer than two molecules.
    """
    import fcd

    mean, covariance = activation_statistics(smiles)
    reference_mean, reference_covariance = cached_statistics(reference)
    return float(fcd.calculate_frechet_distance(mean, covariance, reference_mean, reference_covariance))
