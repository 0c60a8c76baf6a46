"""Masked variables one by one, in a random order, each network call settling one."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor

from molgen.diffusion.process import Denoiser, Process, State
from molgen.diffusion.random_keys import RandomKeys
from molgen.diffusion.samplers.base import Guidance, Observer, Sampler, hold
from molgen.diffusion.transitions import Absorbing


class FirstHitting(Sampler):
    """The absorbing process in continuous time, simulated exactly from jump to jump (Zheng et al., 2024).

    With n variables still masked, the next one is drawn at alpha = 1 - (1 - alpha) u^(1/n), u uniform, and is any of
    them with equal probability. As many calls as masked variables, whatever `steps` says.
    """

    def check(self, process: Process) -> None:
        super().check(process)
        check_masks(process)

    def calls(self, sizes: Mapping[str, int]) -> int:
        return sum(sizes.values())

    def next_noise(self, process: Process, x_t: State, noise: Tensor, rng: RandomKeys) -> Tensor:
        """Draw the share of noise 1 - alpha ``(B,)`` at which the next variable is unmasked, from that of now.

        In a sampling loop written by hand it comes before each `step`: the network is called at the time at which the
        noise is that high, ``schedule.time(1 - noise)``.
        """
        left = sum((mask.sum(1) for mask in masked_variables(process, x_t).values()), start=torch.zeros_like(noise))
        return noise * rng.uniform() ** (1 / left.clamp(min=1))

    def step(self, process: Process, logits: State, x_t: State, s: Tensor, t: Tensor, rng: RandomKeys) -> State:
        """Unmask one variable of each example at time t; `s` is not used. See `Sampler.step`."""
        masked = masked_variables(process, x_t)
        clean = self.clean_probabilities(process, logits, x_t, t)
        scores = {
            kind: rng.fold_in(2 * k).uniform(x_t[kind].shape[1]).masked_fill(~masked[kind], -1.0)
            for k, kind in enumerate(process.kinds)
        }
        highest = torch.stack([score.max(1).values for score in scores.values()]).max(0).values
        return {
            kind: torch.where(
                (scores[kind] == highest[:, None]) & masked[kind],
                rng.fold_in(2 * k + 1).categorical(clean[kind]),
                x_t[kind],
            )
            for k, kind in enumerate(process.kinds)
        }

    @torch.no_grad()
    def sample(
        self,
        process: Process,
        denoise: Denoiser,
        sizes: Mapping[str, int],
        rng: RandomKeys,
        *,
        frozen: Mapping[str, tuple[Tensor, Tensor]] | None = None,
        guidance: Guidance | None = None,
        observer: Observer | None = None,
    ) -> State:
        self.check(process)
        x = hold(process.prior(sizes, rng.fold_in(0)), frozen)
        noise = torch.ones(len(rng.keys), device=rng.keys.device)  # 1 - alpha
        if observer is not None:
            observer(1.0, x)
        for number in range(1, self.calls(sizes) + 1):
            if not any(mask.any() for mask in masked_variables(process, x).values()):
                break
            stream = rng.fold_in(number)
            noise = self.next_noise(process, x, noise, stream.fold_in(1))
            t = process.schedule.time(1 - noise)
            logits = denoise(x, t)
            if guidance is not None:
                logits = guidance(logits, x, t)
            x = hold(self.step(process, logits, x, t, t, stream.fold_in(0)), frozen)
            if observer is not None:
                observer(1 - number / self.calls(sizes), x)
        return x


def check_masks(process: Process) -> None:
    """Refuse a process without masks.

    Raises:
        ValueError: a transition is not absorbing.
    """
    if not all(isinstance(process.transition(kind), Absorbing) for kind in process.kinds):
        raise ValueError("this sampler unmasks variables: it needs the absorbing transition")


def masked_variables(process: Process, x: State) -> dict[str, Tensor]:
    """Which variables are masked, ``(B, V)`` bool per kind, where transitions are absorbing."""
    return {kind: x[kind] == process.transition(kind).num_classes for kind in process.kinds}
