"""Orders of unmasking: absorbing diffusion in its time-free form."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from molgen.diffusion.random_keys import RandomKeys


def block_order(n: int, size: int | Tensor, rng: RandomKeys) -> Tensor:
    """Orders ``(B, n)`` of positions: block after block from left to right, uniformly random inside each.

    Args:
        n: number of positions.
        size: positions per block, one for all or ``(B,)``; 0 for one block of all positions.
        rng: randomness, ``(B,)``.
    """
    device = rng.keys.device
    sizes = torch.as_tensor(size, device=device).expand(len(rng.keys))
    sizes = torch.where(sizes > 0, sizes, n)[:, None]
    return (torch.arange(n, device=device) // sizes + rng.uniform(n)).argsort(1)


def over_orders(costs: Tensor) -> Tensor:
    """- log of the mean probability over orders, nats ``(B,)``, from the costs - log p ``(K, B)`` given K orders.

    For orders drawn uniformly it is in expectation an upper bound on - log p, and at most the mean cost.
    """
    return math.log(len(costs)) - (-costs).logsumexp(0)
