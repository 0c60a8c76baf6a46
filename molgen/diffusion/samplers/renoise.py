"""Predict, draw, and noise again: wrong decisions are forgotten instead of kept."""

from __future__ import annotations

from torch import Tensor

from molgen.diffusion.process import Process, State
from molgen.diffusion.random_keys import RandomKeys
from molgen.diffusion.samplers.base import Sampler


class Renoise(Sampler):
    """x_0 ~ p(x_0 | x_t), then x_s ~ q(x_s | x_0), independent of x_t (the x_0-resampling of several graph papers)."""

    def step(self, process: Process, logits: State, x_t: State, s: Tensor, t: Tensor, rng: RandomKeys) -> State:
        clean = self.clean_probabilities(process, logits, x_t, t)
        x0 = {kind: rng.fold_in(k).categorical(clean[kind]) for k, kind in enumerate(process.kinds)}
        return process.corrupt(x0, s, rng.fold_in(len(process.kinds)))
