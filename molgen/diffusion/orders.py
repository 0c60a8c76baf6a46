"""Orders in which masks fall: absorbing diffusion in its time-free form."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from molgen.diffusion.random_keys import RandomKeys


def block_order(n: int, size: int | Tensor, rng: RandomKeys) -> Tensor:
    """Orders ``(B, n)`` of places: block after block from left to right, uniformly random inside each.

    Args:
        n: number of places.
        size: places per block, one for all or ``(B,)``; 0 for all places.
        rng: randomness, ``(B,)``.
    """
    device = rng.keys.device
    sizes = torch.as_tensor(size, device=device).expand(len(rng.keys))
    sizes = torch.where(sizes > 0, sizes, n)[:, None]
    return (torch.arange(n, device=device) // sizes + rng.uniform(n)).argsort(1)


def over_orders(costs: Tensor) -> Tensor:
    """- log p when orders are drawn evenly, nats ``(B,)``, from costs given some orders ``(K, B)``: that of the mean p.

    From finitely many orders it is too high in expectation, an upper bound still, and lower than the mean cost.
    """
    return math.log(len(costs)) - (-costs).logsumexp(0)
