"""The uniform transition: jumps to all categories with equal probability."""

from __future__ import annotations

import torch

from molgen.diffusion.transitions.base import RankOne


class Uniform(RankOne):
    """Prior 1 / K (Hoogeboom et al., 2021).

    Args:
        num_classes: K.
    """

    def __init__(self, num_classes: int) -> None:
        super().__init__(num_classes, torch.full((num_classes,), 1 / max(num_classes, 1)))
