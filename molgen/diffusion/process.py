"""The forward process on several kinds of categorical variables, and the distributions of a network's output."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import torch
from torch import Tensor, nn

from molgen.diffusion.random_keys import RandomKeys
from molgen.diffusion.schedules import Schedule
from molgen.diffusion.transitions import Transition

State = dict[str, Tensor]
"""Variables by kind (``atoms``, ``bonds``): ``(B, V_kind)`` int64 states, or ``(B, V_kind, K_kind)`` numbers."""

Denoiser = Callable[[State, Tensor], State]
"""Network: states and times in, logits ``(B, V, K)`` per kind out. Times are ``(B,)``, or ``(1,)``: one for all."""

PARAMETERISATIONS = ("x0", "reverse")


class Process(nn.Module):
    """Independent noise on every variable, one transition per kind, one schedule for all.

    Args:
        transitions: by kind.
        schedule: alpha(t).
        parameterisation: ``x0``, the network gives p(x_0 | x_t); or ``reverse``, it gives p(x_s | x_t) on the grid
            of `steps` equal steps it was trained for.
        steps: T of that grid, and of the variational bound.
        time_power: training by cross-entropy draws times as a uniform number to this power: above 1, more of them lie
            near the data.

    Raises:
        ValueError: an unknown parameterisation, fewer than one step, or a power that is not positive.
    """

    def __init__(
        self,
        transitions: Mapping[str, Transition],
        schedule: Schedule,
        parameterisation: str = "x0",
        steps: int = 100,
        time_power: float = 1.0,
    ) -> None:
        super().__init__()
        if parameterisation not in PARAMETERISATIONS:
            raise ValueError(f"unknown parameterisation {parameterisation!r}; known: {', '.join(PARAMETERISATIONS)}")
        if steps < 1:
            raise ValueError(f"steps must be at least 1, got {steps}")
        if time_power <= 0:
            raise ValueError(f"time_power must be positive, got {time_power}")
        self.transitions = nn.ModuleDict(transitions)
        self.schedule = schedule
        self.parameterisation = parameterisation
        self.steps = steps
        self.time_power = time_power

    @property
    def kinds(self) -> tuple[str, ...]:
        """Names of the kinds of variables, in the order of their random keys."""
        return tuple(self.transitions)

    def transition(self, kind: str) -> Transition:
        """The transition of one kind."""
        transition = self.transitions[kind]
        assert isinstance(transition, Transition)
        return transition

    def corrupt(self, x0: State, t: Tensor, rng: RandomKeys) -> State:
        """Draw x_t given x_0 at times `t` ``(B,)``."""
        alpha = self.schedule.alpha(t)
        return {
            kind: self.transition(kind).corrupt(x0[kind], alpha, rng.fold_in(k)) for k, kind in enumerate(self.kinds)
        }

    def prior(self, sizes: Mapping[str, int], rng: RandomKeys) -> State:
        """Draw x_1 with ``sizes[kind]`` variables of each kind."""
        batch = len(rng.keys)
        return {
            kind: rng.fold_in(k).categorical(self.transition(kind).prior.expand(batch, sizes[kind], -1))
            for k, kind in enumerate(self.kinds)
        }

    def clean_logits(self, logits: State, x_t: State, t: Tensor) -> State:
        """Logits of p(x_0 | x_t) ``(B, V, K)`` per kind, -inf for impossible classes."""
        alpha = self.schedule.alpha(t)
        return {kind: self.transition(kind).constrain(logits[kind], x_t[kind], alpha) for kind in self.kinds}

    def previous(self, logits: State, x_t: State, s: Tensor, t: Tensor) -> State:
        """p(x_s | x_t) ``(B, V, K)`` per kind, for either parameterisation.

        For ``reverse``, p = softmax(x_t R_theta(t)) with R_theta the network's logits plus the log of
        Q_{t|s}[., x_t]: the network then only has to learn how likely each x_s is a priori.
        """
        alpha_s, alpha_t = self.schedule.alpha(s), self.schedule.alpha(t)
        if self.parameterisation == "reverse":
            keep = torch.where(alpha_s > 0, alpha_t / alpha_s.clamp(min=1e-30), 0.0)
            return {
                kind: (logits[kind] + self._reverse_bias(kind, x_t[kind], keep, s)).softmax(-1) for kind in self.kinds
            }
        clean = self.clean_logits(logits, x_t, t)
        return {
            kind: self.transition(kind).posterior(x_t[kind], clean[kind].softmax(-1), alpha_s, alpha_t)
            for kind in self.kinds
        }

    def _reverse_bias(self, kind: str, x_t: Tensor, keep: Tensor, s: Tensor) -> Tensor:
        """log Q_{t|s}[., x_t], without the mask at s = 0; states that the noise cannot reach are kept."""
        transition = self.transition(kind)
        likelihood = transition.column(x_t, keep)
        clean = torch.arange(transition.num_states, device=s.device) < transition.num_classes
        likelihood = likelihood * (clean | (s > 0)[:, None, None])
        unreachable = (likelihood <= 0).all(-1, keepdim=True)
        return torch.where(unreachable, transition.one_hot(x_t), likelihood).log()
