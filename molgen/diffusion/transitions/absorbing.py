"""The absorbing transition: states become masks."""

from __future__ import annotations

import torch

from molgen.diffusion.transitions.base import RankOne


class Absorbing(RankOne):
    """All mass goes to one extra state, the mask (Austin et al., D3PM, 2021).

    Args:
        num_classes: clean classes; the mask is state number `num_classes`.
    """

    def __init__(self, num_classes: int) -> None:
        prior = torch.zeros(num_classes + 1)
        prior[-1] = 1.0
        super().__init__(num_classes, prior)
