"""Continuous-time jumps with chosen stochasticity and target guidance."""

from __future__ import annotations

from torch import Tensor

from molgen.diffusion.process import Process, State
from molgen.diffusion.random_keys import RandomKeys
from molgen.diffusion.samplers.base import Sampler, SamplerSettings
from molgen.diffusion.transitions import Transition


class Flow(Sampler):
    """Euler steps of the jump process whose marginals are q(x_t | x_0).

    After Campbell et al. (2024) and Qin et al. (DeFoG, 2024).

    With x_0 drawn from p(x_0 | x_t) and u_j the rate of change of q(x_t = j | x_0) as time runs backwards, a variable
    in state x jumps to j at rate

        relu(u_j - u_x) / (Z q_x)  +  eta q_j  +  omega [j = x_0] / (Z q_x),

    Z being the number of reachable states. The first term alone transports the marginals; `eta` adds jumps in detailed
    balance, which correct errors; `omega` pulls towards the prediction.

    Args:
        settings: as every sampler.
        eta: stochasticity, at least 0.
        omega: target guidance, at least 0.
    """

    def __init__(self, settings: SamplerSettings | None = None, eta: float = 0.0, omega: float = 0.0) -> None:
        super().__init__(settings)
        if eta < 0 or omega < 0:
            raise ValueError("eta and omega must not be negative")
        self.eta = eta
        self.omega = omega

    def step(self, process: Process, logits: State, x_t: State, s: Tensor, t: Tensor, rng: RandomKeys) -> State:
        clean = self.clean_probabilities(process, logits, x_t, t)
        result = {}
        for k, kind in enumerate(process.kinds):
            stream = rng.fold_in(k)
            x0 = stream.fold_in(0).categorical(clean[kind])
            if float(s[0]) <= 0:
                result[kind] = x0
                continue
            alpha, slope = process.schedule.alpha(t), process.schedule.slope(t)
            jumps = (t - s)[:, None, None] * self.rates(process.transition(kind), x_t[kind], x0, alpha, slope)
            result[kind] = stream.fold_in(1).categorical(_stay_or_jump(jumps, x_t[kind]))
        return result

    def rates(self, transition: Transition, x_t: Tensor, x0: Tensor, alpha: Tensor, slope: Tensor) -> Tensor:
        """Jump rates ``(B, V, K)`` out of `x_t` given `x0`, both ``(B, V)``; zero on staying."""
        q = transition.row(x0, alpha)
        u = -slope[:, None, None] * transition.row_slope(x0, alpha)
        here = x_t.unsqueeze(-1)
        q_here = q.gather(-1, here)
        reachable = (q > 0) | (u > 0)
        # A state that x_0 cannot have reached, an error of the network, must be left at once.
        safe = (q_here * reachable.sum(-1, keepdim=True)).clamp(min=1e-6)
        rate = (u - u.gather(-1, here)).relu() * reachable / safe + self.eta * q
        rate = rate + self.omega * transition.one_hot(x0) / safe
        return rate.scatter(-1, here, 0.0)


def _stay_or_jump(jumps: Tensor, x_t: Tensor) -> Tensor:
    """Probabilities after an Euler step: jumps scaled down where they exceed 1, the rest staying."""
    total = jumps.sum(-1, keepdim=True)
    jumps = jumps / total.clamp(min=1.0)
    stay = (1 - jumps.sum(-1, keepdim=True)).clamp(min=0)
    return jumps.scatter(-1, x_t.unsqueeze(-1), stay)
