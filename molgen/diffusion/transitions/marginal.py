"""The marginal transition: jumps to categories by their frequency in the data."""

from __future__ import annotations

from collections.abc import Sequence

import torch

from molgen.diffusion.transitions.base import RankOne


class Marginal(RankOne):
    """Prior equal to the data's marginal (Vignac et al., DiGress, 2023).

    Args:
        marginal: K probabilities. Zero probabilities are raised to 1e-6, so that every state stays
            reachable and every posterior defined.

    Raises:
        ValueError: negative or all-zero probabilities.
    """

    def __init__(self, marginal: Sequence[float]) -> None:
        weights = torch.tensor(marginal, dtype=torch.float64)
        if (weights < 0).any() or weights.sum() <= 0:
            raise ValueError("a marginal needs non-negative probabilities that are not all zero")
        weights = (weights / weights.sum()).clamp(min=1e-6)
        super().__init__(len(weights), weights / weights.sum())
