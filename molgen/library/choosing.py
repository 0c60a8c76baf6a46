"""Choosing some of very many fingerprints."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray
from rdkit import DataStructs
from rdkit.SimDivFilters import rdSimDivPickers

Bits = NDArray[np.uint8]
"""Packed fingerprints, ``(n, bytes)``."""

TOLERANCE = 1e-9
"""Distances that differ by less are equal: 1 - 0.7 is not 0.3 in floating point. Different ones of 1,024 bits and a
limit of five decimals differ by more."""

_BATCH = 8192


def diverse(bits: Bits, n: int, seed: int = 0) -> list[int]:
    """Rows that are as far from each other as can be had, by RDKit's MaxMin: each is the farthest from those before.

    Args:
        bits: to choose from.
        n: rows at most.
        seed: of the first pick.

    Example:
        >>> diverse(np.array([[1], [1], [254]], np.uint8), 2, seed=1) in ([0, 2], [1, 2], [2, 0], [2, 1])
        True
    """
    if not len(bits):  # which RDKit refuses
        return []
    vectors = _vectors(bits)
    picker = rdSimDivPickers.MaxMinPicker()
    return list(picker.LazyBitVectorPick(vectors, len(vectors), min(n, len(vectors)), seed=seed))


def apart(bits: Bits, n: int, distance: float) -> list[int]:
    """The first rows, at most n, that are at least so far from each other, by RDKit's leader picker.

    Args:
        bits: in the order in which rows are preferred.
        n: rows at most.
        distance: Tanimoto distance.

    Example:
        >>> bits = np.array([[1], [3], [252]], np.uint8)
        >>> apart(bits, 3, 0.5), apart(bits, 3, 0.6)
        ([0, 1, 2], [0, 2])
    """
    if not len(bits):  # which RDKit refuses
        return []
    if distance <= TOLERANCE:  # below 0 RDKit picks a row again and again
        return list(range(min(n, len(bits))))
    vectors = _vectors(bits)
    picker = rdSimDivPickers.LeaderPicker()  # which leaves out what is as far away as its threshold
    return list(picker.LazyBitVectorPick(vectors, len(vectors), distance - TOLERANCE, pickSize=min(n, len(vectors))))


def centres(bits: Bits, n: int, seed: int = 0) -> list[int]:
    """Of each of n clusters the row nearest to its centre, the largest cluster first; fewer where clusters are empty.

    Clusters are those of scikit-learn's MiniBatchKMeans on the bits, which are read batch by batch.
    """
    from sklearn.cluster import MiniBatchKMeans

    if n >= len(bits):
        return list(range(len(bits)))
    model = MiniBatchKMeans(n, random_state=seed, batch_size=max(_BATCH, n), n_init=1)
    shuffled = np.random.default_rng(seed).permutation(len(bits))
    for rows in _batches(len(bits), max(_BATCH, n)):
        if rows.stop - rows.start >= n or rows.start == 0:
            model.partial_fit(_floats(bits[shuffled[rows]]))
    best, nearest = np.full(n, np.inf), np.full(n, -1)
    sizes = np.zeros(n, np.int64)
    for rows in _batches(len(bits), _BATCH):
        distances = model.transform(_floats(bits[rows]))
        cluster = distances.argmin(axis=1)
        sizes += np.bincount(cluster, minlength=n)
        own = distances[np.arange(len(cluster)), cluster]
        for row in np.argsort(own, kind="stable"):
            if own[row] < best[cluster[row]]:
                best[cluster[row]], nearest[cluster[row]] = own[row], rows.start + row
    order = np.argsort(-sizes, kind="stable")
    return [int(nearest[i]) for i in order if nearest[i] >= 0]


def _batches(total: int, size: int) -> Iterator[slice]:
    return (slice(start, min(start + size, total)) for start in range(0, total, size))


def _floats(bits: Bits) -> NDArray[np.float32]:
    return np.unpackbits(bits, axis=1).astype(np.float32)


def _vectors(bits: Bits) -> list[DataStructs.ExplicitBitVect]:
    """The same as RDKit has them."""
    return [DataStructs.CreateFromBinaryText(row.tobytes()) for row in bits]
