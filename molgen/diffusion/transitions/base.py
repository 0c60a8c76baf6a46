"""The interface of transitions, and those that jump to the prior from every state."""

from __future__ import annotations

from abc import ABC, abstractmethod

import torch
from torch import Tensor, nn

from molgen.diffusion.random_keys import RandomKeys


class Transition(nn.Module, ABC):
    """A Markov chain on K states, written as a function of the signal kept.

    Q(keep) is the K x K matrix of going from a state (row) to another (column) over an interval in which the signal
    falls from alpha_s to alpha_t, with keep = alpha_t / alpha_s. Q(1) is the identity, Q(a) Q(b) = Q(ab), and every
    row of Q(0) is the prior.

    Subclasses implement products with Q; only `matrix` computes Q itself. Signals are ``(B,)``, or ``(1,)``: one
    for all examples.

    Attributes:
        num_classes: states a clean variable can take; they come first.
        num_states: K, of which those from `num_classes` on are never clean (the mask).
        prior: ``(K,)``, the distribution at t = 1.
    """

    prior: Tensor

    def __init__(self, num_classes: int, prior: Tensor) -> None:
        super().__init__()
        if num_classes < 1:
            raise ValueError(f"a variable needs at least one class, got {num_classes}")
        self.num_classes = num_classes
        self.num_states = len(prior)
        self.register_buffer("prior", prior.float(), persistent=False)

    @abstractmethod
    def forward_product(self, v: Tensor, keep: Tensor) -> Tensor:
        """v Q(keep) ``(B, V, K)`` for row vectors `v` ``(B, V, K)`` and `keep` ``(B,)``."""

    @abstractmethod
    def column(self, x: Tensor, keep: Tensor) -> Tensor:
        """Likelihoods Q(keep)[:, x]: ``(B, V, K)`` over the state before, for states `x` ``(B, V)`` after."""

    @abstractmethod
    def rates_into(self, x: Tensor) -> Tensor:
        """Rates of jumping from each state into states `x` ``(B, V)`` per unit of -log(keep): ``(B, V, K)``, zero for
        `x` itself."""

    def row(self, x: Tensor, keep: Tensor) -> Tensor:
        """Q(keep)[x, :]: ``(B, V, K)`` over the state after, for states `x` ``(B, V)`` before."""
        return self.forward_product(self.one_hot(x), keep)

    def row_slope(self, x: Tensor, keep: Tensor) -> Tensor:
        """Derivative of `row` with respect to `keep`: ``(B, V, K)``."""
        raise NotImplementedError

    def matrix(self, keep: Tensor) -> Tensor:
        """Q(keep) itself, ``(B, K, K)``, for `keep` ``(B,)``."""
        states = torch.arange(self.num_states, device=keep.device).expand(len(keep), -1)
        return self.row(states, keep)

    def one_hot(self, x: Tensor) -> Tensor:
        """``(B, V)`` -> ``(B, V, K)`` float."""
        return nn.functional.one_hot(x, self.num_states).to(self.prior.dtype)

    def corrupt(self, x: Tensor, keep: Tensor, rng: RandomKeys) -> Tensor:
        """Draw the state after an interval, for states `x` ``(B, V)`` before it."""
        return rng.categorical(self.row(x, keep))

    def constrain(self, logits: Tensor, x_t: Tensor, alpha_t: Tensor) -> Tensor:
        """Logits with -inf for clean classes from which `x_t` cannot result. If none is left (a state that the
        noise cannot reach, such as a frozen one at t = 1), the class of `x_t` remains.

        Args:
            logits: ``(B, V, K)`` over the clean class.
            x_t: ``(B, V)``.
            alpha_t: ``(B,)``.
        """
        impossible = self.column(x_t, alpha_t) <= 0
        if self.num_states > self.num_classes:
            impossible[..., self.num_classes :] = True
        impossible &= ~(impossible.all(-1, keepdim=True) & (self.one_hot(x_t) > 0))
        return logits.masked_fill(impossible, float("-inf"))

    def posterior(self, x_t: Tensor, p0: Tensor, alpha_s: Tensor, alpha_t: Tensor) -> Tensor:
        """Sum over x_0 of q(x_s | x_t, x_0) p0(x_0), for s < t.

        By Bayes, q(x_s | x_t, x_0) = Q_s[x_0, x_s] Q_{t|s}[x_s, x_t] / Q_t[x_0, x_t] (Austin et al., 2021, eq. 3).

        Args:
            x_t: ``(B, V)`` states at t.
            p0: ``(B, V, K)`` distribution of the clean class, zero where x_t rules it out.
            alpha_s: ``(B,)``.
            alpha_t: ``(B,)``.

        Returns:
            ``(B, V, K)``, rows summing to 1; x_t itself where it contradicts every x_0.
        """
        likelihood = self.column(x_t, alpha_t)
        weight = torch.where(likelihood > 0, p0 / likelihood.clamp(min=1e-30), 0.0)
        joint = self.forward_product(weight, alpha_s) * self.column(x_t, _ratio(alpha_t, alpha_s))
        total = joint.sum(-1, keepdim=True)
        return torch.where(total > 0, joint / total.clamp(min=1e-30), self.one_hot(x_t))


def _ratio(alpha_t: Tensor, alpha_s: Tensor) -> Tensor:
    return torch.where(alpha_s > 0, alpha_t / alpha_s.clamp(min=1e-30), 0.0)


class RankOne(Transition):
    """Keep the state, or jump to a fresh draw from the prior: Q(keep) = keep I + (1 - keep) 1 prior^T."""

    def forward_product(self, v: Tensor, keep: Tensor) -> Tensor:
        keep = keep[:, None, None]
        return keep * v + (1 - keep) * v.sum(-1, keepdim=True) * self.prior

    def column(self, x: Tensor, keep: Tensor) -> Tensor:
        keep = keep[:, None, None]
        return keep * self.one_hot(x) + (1 - keep) * self.prior[x].unsqueeze(-1)

    def rates_into(self, x: Tensor) -> Tensor:
        return self.prior[x].unsqueeze(-1) * (1 - self.one_hot(x))

    def row_slope(self, x: Tensor, keep: Tensor) -> Tensor:
        return self.one_hot(x) - self.prior
