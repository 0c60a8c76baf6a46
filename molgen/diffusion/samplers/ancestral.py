"""Posterior sampling: follow the chain backwards."""

from __future__ import annotations

from torch import Tensor

from molgen.diffusion.process import Process, State
from molgen.diffusion.random_keys import RandomKeys
from molgen.diffusion.samplers.base import Sampler


class Ancestral(Sampler):
    """x_s ~ p(x_s | x_t) = sum over x_0 of q(x_s | x_t, x_0) p(x_0 | x_t) (Austin et al., 2021).

    The only sampler for the ``reverse`` parameterisation, which then needs its own number of steps and an even grid.
    """

    def check(self, process: Process) -> None:
        on_grid = self.settings.steps == process.steps and self.settings.distortion == "identity"
        if process.parameterisation == "reverse" and not on_grid:
            raise ValueError(f"this reverse model samples in {process.steps} even steps only")

    def step(self, process: Process, logits: State, x_t: State, s: Tensor, t: Tensor, rng: RandomKeys) -> State:
        if process.parameterisation == "reverse":
            previous = self.sharpen({k: p.log() for k, p in process.previous(logits, x_t, s, t).items()})
        else:
            alpha_s, alpha_t = process.schedule.alpha(s), process.schedule.alpha(t)
            clean = self.clean_probabilities(process, logits, x_t, t)
            previous = {
                kind: process.transition(kind).posterior(x_t[kind], clean[kind], alpha_s, alpha_t) for kind in clean
            }
        return {kind: rng.fold_in(k).categorical(previous[kind]) for k, kind in enumerate(process.kinds)}
