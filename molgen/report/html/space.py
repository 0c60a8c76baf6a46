"""A map of chemical space: fingerprints in two dimensions."""

from __future__ import annotations

from typing import Literal

import numpy as np
from numpy.typing import NDArray

Method = Literal["pca", "tsne"]

_DECIMALS = 3
_BEFORE_TSNE = 50


def coordinates(bits: list[bytes], method: Method = "pca") -> NDArray[np.float64]:
    """Places of molecules in a map, ``(n, 2)``, by scikit-learn; the same fingerprints give the same map.

    Args:
        bits: packed fingerprints, of equal length.
        method: ``pca``: the two directions of largest variance; ``tsne``: neighbours stay neighbours, which takes
            minutes for 10,000.

    Example:
        >>> coordinates([b"\\x01", b"\\x03", b"\\xf0"]).shape
        (3, 2)
    """
    from sklearn.decomposition import PCA
    from sklearn.manifold import TSNE

    packed = np.frombuffer(b"".join(bits), np.uint8).reshape(len(bits), -1)
    dense = np.unpackbits(packed, axis=1).astype(np.float32)
    if len(dense) < 3:
        return np.stack([np.arange(len(dense)), np.zeros(len(dense))], axis=1)
    if method == "tsne" and len(dense) > 5:
        first = PCA(min(_BEFORE_TSNE, *dense.shape), svd_solver="randomized", random_state=0).fit_transform(dense)
        perplexity = min(30, (len(dense) - 1) / 3)
        found = TSNE(2, init="pca", perplexity=perplexity, random_state=0).fit_transform(first)
    else:
        found = PCA(2, svd_solver="randomized", random_state=0).fit_transform(dense)
    return np.round(found.astype(np.float64), _DECIMALS)
