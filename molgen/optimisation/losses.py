"""What is minimised so that good molecules become likely.

- ``augmented``: (log p0(x) + sigma r(x) - log p(x))^2, p0 being the model as it was (Olivecrona et al., 2017).
  Molecules may come from anywhere.
- ``reinforce``: - (r(x) - b) log p(x), the reward r being less by (log p(x) - log p0(x)) / sigma, so that the model
  stays near p0, and b the mean of the rewards of the step (Williams, 1992).
- ``elite``: - log p(x) of good molecules alone, however good.
"""

from __future__ import annotations

import torch
from torch import Tensor

from molgen.optimisation.config import Learning


def needs_prior(learning: Learning) -> bool:
    """Whether the likelihood under the model as it was counts."""
    return learning != "elite"


def loss(learning: Learning, cost: Tensor, prior: Tensor, rewards: Tensor, baseline: float, sigma: float) -> Tensor:
    """Loss of molecules ``(B,)``.

    Args:
        learning: which.
        cost: - log p ``(B,)``, with a gradient.
        prior: - log p0 ``(B,)``.
        rewards: ``(B,)``.
        baseline: mean of the rewards of the step.
        sigma: nats that a reward of 1 is worth.

    Example:
        >>> cost, prior = torch.tensor([20.0]), torch.tensor([30.0])
        >>> loss("augmented", cost, prior, torch.tensor([0.1]), 0.0, 100.0).tolist()
        [0.0]
    """
    if learning == "elite":
        return cost
    if learning == "augmented":
        return (cost - prior + sigma * rewards) ** 2 / (2 * sigma)
    with torch.no_grad():
        advantage = rewards - (prior - cost) / sigma - baseline
    return advantage * cost
