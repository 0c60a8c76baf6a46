"""Masked variables, the most certain first."""

from __future__ import annotations

import torch
from torch import Tensor

from molgen.diffusion.process import Process, State
from molgen.diffusion.random_keys import RandomKeys
from molgen.diffusion.samplers.base import Sampler, SamplerSettings
from molgen.diffusion.samplers.first_hitting import check_masks, masked_variables

_ROUNDING = 1e-4
"""What float32 may lack of a whole number of variables: 1 - (1 - .4), times 5, is below 2."""


class Confidence(Sampler):
    """Draws every masked variable and keeps the draws of highest probability, as many as the schedule unmasks by s
    (Chang et al., MaskGIT, 2022); with remasking, variables unmasked before compete again by their present probability.

    Raises likelihood and lowers diversity: show both.

    Args:
        settings: steps, distortion, temperatures, top-p.
        eta: scale of the Gumbel noise added to log probabilities, falling with the share still masked; 0 is greedy in
            the order, though not in the draws.
        remask: whether unmasked variables may be masked again.
    """

    def __init__(self, settings: SamplerSettings | None = None, eta: float = 0.0, remask: bool = False) -> None:
        super().__init__(settings)
        self.eta = eta
        self.remask = remask

    def check(self, process: Process) -> None:
        super().check(process)
        check_masks(process)

    def step(self, process: Process, logits: State, x_t: State, s: Tensor, t: Tensor, rng: RandomKeys) -> State:
        masked = masked_variables(process, x_t)
        clean = self.clean_probabilities(process, logits, x_t, t)
        share = 1 - process.schedule.alpha(s)  # masked at s
        result = {}
        for k, kind in enumerate(process.kinds):
            stream = rng.fold_in(k)
            free = masked[kind]
            drawn = torch.where(free, stream.fold_in(0).categorical(clean[kind]), x_t[kind])
            p = clean[kind]
            if self.remask:  # probability of the present values by the unconstrained logits
                p = torch.where(free[..., None], p, logits[kind][..., : p.shape[-1]].softmax(-1))
            score = p.gather(-1, drawn.unsqueeze(-1)).squeeze(-1).clamp(min=1e-30).log()
            score = score + self.eta * share[:, None] * gumbel(stream.fold_in(1).uniform(drawn.shape[1]))
            if not self.remask:
                score = score.masked_fill(~free, float("inf"))
            count = (share * drawn.shape[1] + _ROUNDING).floor().long()  # how many stay masked
            rank = score.argsort(dim=1, stable=True).argsort(dim=1, stable=True)
            hide = rank < count[:, None]
            if not self.remask:
                hide &= free
            result[kind] = torch.where(hide, process.transition(kind).num_classes, drawn)
        return result


def gumbel(u: Tensor) -> Tensor:
    """Standard Gumbel noise from uniform numbers."""
    return -(-u.clamp(min=1e-9).log()).clamp(min=1e-9).log()
