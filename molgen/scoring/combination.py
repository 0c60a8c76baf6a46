"""How the terms of a score become one number."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import numpy as np
from numpy.typing import NDArray

Combination = Literal["product", "mean", "geometric"]


def combined(how: Combination, terms: NDArray[np.float64], weights: Sequence[float]) -> NDArray[np.float64]:
    """Totals ``(B,)`` of terms ``(T, B)`` in [0, 1].

    Args:
        how: ``product`` of s ** w; ``geometric``, its root of degree sum of w; ``mean``, sum of w s / sum of w.
        terms: values s.
        weights: w of each term.

    Example:
        >>> terms = np.array([[0.25, 1.0], [1.0, 0.0]])
        >>> [combined(how, terms, [1, 1]).tolist() for how in ("product", "mean", "geometric")]
        [[0.25, 0.0], [0.625, 0.5], [0.5, 0.0]]
    """
    w = np.asarray(weights, dtype=float)
    if how == "mean":
        return w @ terms / w.sum()
    powers = w if how == "product" else w / w.sum()  # before the product, which large weights would take to 0
    product: NDArray[np.float64] = np.prod(terms ** powers[:, None], axis=0)
    return product
