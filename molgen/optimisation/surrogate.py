"""Which of many molecules are worth a call of the score: a Gaussian process on the molecules scored so far."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray
from rdkit import Chem

from molgen.optimisation.memory import Memory
from molgen.scoring.qsar.features import environments

_ELEMENTS = 120
"""Atomic numbers that are counted."""
_BEST, _NEWEST = 500, 500
"""Molecules that it is fitted to: so many of the best, and of those scored last."""
_NOISE = 0.01
"""Variance of what the fingerprint does not see; that of the totals is 1."""
_LEAST, _MOST = 0.1, 3.0
"""Standard deviations that are added to a prediction: few to take what is good, many to try what is unknown."""


class Surrogate:
    """A Gaussian process with the Tanimoto kernel (as in Tripp and Hernandez-Lobato, 2024) on counts of Morgan
    environments, of elements and of hydrogens, with fixed hyperparameters.

    Args:
        memory: molecules and their totals.

    Example:
        >>> memory = Memory()
        >>> memory.add(["CCCO", "CCCCO", "CCC", "CCCC"], [1.0, 0.9, 0.0, 0.1])
        >>> Surrogate(memory).chosen(["CCCCCC", "CCCCCO"], 1, np.random.default_rng(0))
        ['CCCCCO']
    """

    def __init__(self, memory: Memory) -> None:
        from sklearn.gaussian_process import GaussianProcessRegressor
        from sklearn.gaussian_process.kernels import ConstantKernel, WhiteKernel

        from molgen.scoring.qsar.kernel import TanimotoKernel

        numbers = sorted({*memory.best(_BEST), *range(len(memory) - min(len(memory), _NEWEST), len(memory))})
        kernel = ConstantKernel(1.0, "fixed") * TanimotoKernel() + WhiteKernel(_NOISE, "fixed")
        self._process: Any = GaussianProcessRegressor(kernel, optimizer=None, normalize_y=True)
        self._process.fit(_counts([memory.smiles[one] for one in numbers]), [memory.totals[one] for one in numbers])

    def chosen(self, smiles: Sequence[str], wanted: int, draw: np.random.Generator) -> list[str]:
        """Molecules to score: for each place the one with the highest prediction plus some standard deviations.

        How many these are is drawn for each place, on a logarithmic scale, so that a step tries both what is predicted
        to be good and what is not known.

        Args:
            smiles: canonical, all different.
            wanted: molecules.
            draw: randomness.
        """
        wanted = min(wanted, len(smiles))
        if not wanted:
            return []
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", "Predicted variances smaller than 0")  # by rounding; taken as 0
            mean, deviation = self._process.predict(_counts(smiles), return_std=True)
        left, found = np.ones(len(smiles), np.bool_), list[str]()
        for share in draw.random(wanted):
            optimism = _LEAST * (_MOST / _LEAST) ** share
            best = int(np.argmax(np.where(left, mean + optimism * deviation, -np.inf)))
            left[best] = False
            found.append(smiles[best])
        return found


def _counts(smiles: Sequence[str]) -> NDArray[np.float32]:
    return np.stack([_features(text) for text in smiles])


@lru_cache(4096)  # what is fitted to changes little from step to step
def _features(smiles: str) -> NDArray[np.float32]:
    """Of a molecule; formulas, which many scores ask for, can hardly be told from environments alone."""
    mol = Chem.MolFromSmiles(smiles)
    elements = np.bincount(
        [mol.GetAtomWithIdx(atom).GetAtomicNum() for atom in range(mol.GetNumAtoms())], minlength=_ELEMENTS
    )
    hydrogens = mol.GetNumAtoms(onlyExplicit=False) - mol.GetNumAtoms()
    return np.concatenate([environments(mol), elements, [hydrogens]]).astype(np.float32)
