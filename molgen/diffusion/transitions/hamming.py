"""The geometric transition: jumps to similar categories are more frequent."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from molgen.diffusion.transitions.base import Transition

_MOST = 512
"""Categories, whose rates are diagonalised when a model is built."""


class Hamming(Transition):
    """Jump rates that decay with the Hamming distance between feature codes.

    R_ij = exp(-d_ij / length) off the diagonal, rows summing to zero, d_ij the number of differing features; scaled so
    that the slowest mode decays as alpha(t). Then Q(keep) = exp(-log(keep) R) = U diag(keep^mu) U^T with mu >= 0 the
    eigenvalues of -R, and the prior is uniform because R is symmetric.

    Args:
        codes: K feature codes of equal length (for an atom: element, charge, aromaticity, hydrogens).
        length: distance over which rates fall by e.

    Raises:
        ValueError: codes of unequal length, too many of them, or a length that is not positive.
    """

    basis: Tensor
    rates: Tensor

    def __init__(self, codes: Sequence[Sequence[object]], length: float = 1.0) -> None:
        if length <= 0:
            raise ValueError(f"length must be positive, got {length}")
        if len({len(code) for code in codes}) > 1:
            raise ValueError("feature codes must have equal length")
        k = len(codes)
        if k > _MOST:
            raise ValueError(f"the hamming transition takes at most {_MOST} categories, got {k}")
        super().__init__(k, torch.full((k,), 1 / max(k, 1)))
        distance = torch.tensor(
            [[sum(a != b for a, b in zip(x, y, strict=True)) for y in codes] for x in codes], dtype=torch.float64
        )
        generator = torch.exp(-distance / length)
        generator.fill_diagonal_(0)
        generator -= torch.diag(generator.sum(1))
        rates, basis = torch.linalg.eigh(-generator)
        rates = rates.clamp(min=0)
        rates[0] = 0
        if k > 1:
            rates = rates / rates[1]
        self.register_buffer("rates", rates, persistent=False)
        self.register_buffer("basis", basis, persistent=False)

    def _matrix(self, decay: Tensor) -> Tensor:
        """U diag(decay) U^T for `decay` ``(B, K)``, in double precision because small entries cancel."""
        return (self.basis * decay[:, None, :]) @ self.basis.T

    def matrix(self, keep: Tensor) -> Tensor:
        q = self._matrix(keep.double()[:, None] ** self.rates).clamp(min=0)
        return (q / q.sum(-1, keepdim=True)).to(self.prior.dtype)

    def forward_product(self, v: Tensor, keep: Tensor) -> Tensor:
        return v @ self.matrix(keep)

    def row(self, x: Tensor, keep: Tensor) -> Tensor:
        return _rows(self.matrix(keep), x)

    def column(self, x: Tensor, keep: Tensor) -> Tensor:
        return _rows(self.matrix(keep).transpose(1, 2), x)

    def rates_into(self, x: Tensor) -> Tensor:
        generator = -(self.basis * self.rates) @ self.basis.T
        return generator.clamp(min=0).fill_diagonal_(0).to(self.prior.dtype)[x]

    def row_slope(self, x: Tensor, keep: Tensor) -> Tensor:
        decay = self.rates * keep.double().clamp(min=1e-12)[:, None] ** (self.rates - 1)
        return _rows(self._matrix(decay).to(self.prior.dtype), x)


def _rows(matrix: Tensor, x: Tensor) -> Tensor:
    """Rows `x` ``(B, V)`` of the matrices ``(B, K, K)``, or of one matrix ``(1, K, K)``."""
    return matrix.expand(len(x), -1, -1).gather(1, x.unsqueeze(-1).expand(-1, -1, matrix.shape[-1]))
