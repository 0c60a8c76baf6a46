"""Features of molecules for QSAR models."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from rdkit import Chem

from molgen.features.fingerprints import morgan_generator
from molgen.features.named_properties import PROPERTIES, property_values

BITS = 2048
"""Columns of the counts of Morgan environments; the properties come behind them."""


def features(molecules: Sequence[Chem.Mol]) -> NDArray[np.float32]:
    """Counts of Morgan environments of radius 2, folded, and all named properties ``(B, BITS + P)``.

    Args:
        molecules: sanitised.

    Example:
        >>> found = features([Chem.MolFromSmiles("CCO")])
        >>> found.shape[1] - BITS == len(PROPERTIES), float(found[0, :BITS].sum())
        (True, 6.0)
    """
    names = list(PROPERTIES)
    properties = np.array([property_values(mol, names) for mol in molecules], np.float32).reshape(-1, len(names))
    return np.concatenate([environment_counts(molecules), properties], axis=1)


def environment_counts(molecules: Sequence[Chem.Mol]) -> NDArray[np.float32]:
    """The columns of `features` that are counts ``(B, BITS)``, without computing the others."""
    return np.array([environments(mol) for mol in molecules], np.float32).reshape(-1, BITS)


def environments(mol: Chem.Mol) -> NDArray[np.uint32]:
    """Counts of Morgan environments of radius 2, folded ``(BITS,)``."""
    found: NDArray[np.uint32] = morgan_generator(BITS).GetCountFingerprintAsNumPy(mol)
    return found


def counts(matrix: NDArray[np.float32]) -> NDArray[np.float32]:
    """The columns of `features` that are counts."""
    return matrix[:, :BITS]


def tanimoto(first: NDArray[np.float32], second: NDArray[np.float32]) -> NDArray[np.float64]:
    """Tanimoto similarities of counts, sum of minima over sum of maxima ``(A, B)``.

    Args:
        first: ``(A, BITS)``.
        second: ``(B, BITS)``.

    Example:
        >>> tanimoto(np.array([[1.0, 1.0]]), np.array([[1.0, 1.0], [2.0, 0.0]])).round(2).tolist()
        [[1.0, 0.33]]
    """
    least = np.minimum(first.max(0, initial=0), second.max(0, initial=0)).astype(int)
    ours = _unary(first, least)
    theirs = ours if second is first else _unary(second, least)
    shared = (ours @ theirs.T).astype(float)  # whole numbers, exact in float32
    sums = first.sum(1)[:, None].astype(float) + second.sum(1)[None]
    return shared / np.maximum(sums - shared, 1e-12)


def _unary(matrix: NDArray[np.float32], most: NDArray[np.int64]) -> NDArray[np.float32]:
    """Each count as so many ones, up to the most of its column: the product of two such rows is a sum of minima."""
    levels = np.concatenate([np.arange(1, one + 1, dtype=np.float32) for one in most])
    return (matrix[:, np.repeat(np.arange(len(most)), most)] >= levels).astype(np.float32)
