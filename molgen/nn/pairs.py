"""Pairs of atoms as a list: each pair stands once, so that pair states are symmetric by construction."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
import torch
from torch import Tensor


@dataclass(frozen=True)
class PairIndex:
    """Where the pairs of n atoms stand in a list: the n (n - 1) / 2 pairs i < j row by row, then the n pairs (i, i).

    Attributes:
        square: ``(n * n,)`` position in the list of each (i, j).
        upper: ``(P,)`` position in the flattened square of each pair, with i <= j.
        lower: ``(P,)`` the same of its mirror image.
        first: ``(P, n)`` one-hot of i. Gathering atoms is a product with it: on a CPU its backward pass is again a
            matrix product, several times faster than the scatter of an indexed read.
        second: ``(P, n)`` one-hot of j.
        ends: ``(2 P, n)`` both, one below the other.
        distance: ``(P,)`` j - i.
    """

    square: Tensor
    upper: Tensor
    lower: Tensor
    first: Tensor
    second: Tensor
    ends: Tensor
    distance: Tensor


@lru_cache(maxsize=256)
def pair_index(n: int, device: torch.device) -> PairIndex:
    """The index for molecules of n atoms."""
    i, j = np.triu_indices(n, 1)
    i, j = np.concatenate([i, np.arange(n)]), np.concatenate([j, np.arange(n)])
    square = np.zeros((n, n), dtype=np.int64)
    square[i, j] = square[j, i] = np.arange(len(i))
    eye = np.eye(n, dtype=np.float32)
    tensors = (square.reshape(-1), i * n + j, j * n + i, eye[i], eye[j], eye[np.concatenate([i, j])], j - i)
    return PairIndex(*(torch.from_numpy(x).to(device) for x in tensors))


def list_to_square(pairs: Tensor) -> Tensor:
    """Numbers of the pairs i < j, row by row, as symmetric squares with an empty diagonal.

    Shapes:
        - **pairs:** ``(B, n (n - 1) / 2)``
        - **output:** ``(B, n, n)``
    """
    n = (1 + math.isqrt(1 + 8 * pairs.shape[1])) // 2
    i, j = pair_positions(n, pairs.device)
    square = pairs.new_zeros(len(pairs), n, n)
    square[:, i, j] = square[:, j, i] = pairs
    return square


def square_to_list(square: Tensor) -> Tensor:
    """The inverse of `list_to_square`; what stands below the diagonal is left out."""
    n = square.shape[1]
    i, j = pair_positions(n, square.device)
    return square[:, i, j]


def pair_positions(n: int, device: torch.device | None = None) -> Tensor:
    """The two atoms of each pair i < j of n atoms, row by row, ``(2, n (n - 1) / 2)``."""
    return torch.triu_indices(n, n, 1, device=device)


class _ToSquare(torch.autograd.Function):
    """Pair list to square, with the gradient written as two reads instead of a scatter."""

    @staticmethod
    def forward(ctx: Any, pairs: Tensor, square: Tensor, upper: Tensor, lower: Tensor, off_diagonal: Tensor) -> Tensor:
        ctx.save_for_backward(upper, lower, off_diagonal)
        return pairs.index_select(1, square)

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor, None, None, None, None]:
        upper, lower, off_diagonal = ctx.saved_tensors
        return grad.index_select(1, upper) + grad.index_select(1, lower) * off_diagonal, None, None, None, None


def to_square(pairs: Tensor, index: PairIndex) -> Tensor:
    """``(B, P, C)`` -> ``(B, n * n, C)``, symmetric in the two atoms."""
    off_diagonal = (index.distance > 0).to(pairs.dtype)[:, None]
    result: Tensor = _ToSquare.apply(  # type: ignore[no-untyped-call]
        pairs, index.square, index.upper, index.lower, off_diagonal
    )
    return result
