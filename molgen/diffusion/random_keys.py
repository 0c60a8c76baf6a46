"""Random numbers by example, not by batch.

Each example of a batch has a key; every draw is a hash of (key, position). So results depend on the seed and on
which example it is, never on batch size, worker count or number of processes.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor

_GOLDEN = -7046029254386353131  # 0x9E3779B97F4A7C15 as a signed 64-bit integer
_MIX_1 = -4658895280553007687  # 0xBF58476D1CE4E5B9
_MIX_2 = -7723592293110705685  # 0x94D049BB133111EB


def _shift_right(x: Tensor, bits: int) -> Tensor:
    return (x >> bits) & ((1 << (64 - bits)) - 1)


def _mix(x: Tensor) -> Tensor:
    """The finaliser of splitmix64 (Steele, Lea and Flood, 2014)."""
    x = (x ^ _shift_right(x, 30)) * _MIX_1
    x = (x ^ _shift_right(x, 27)) * _MIX_2
    return x ^ _shift_right(x, 31)


def _mix_number(number: int) -> int:
    """`_mix` of an integer of which 64 bits count. No tensor, which would have to be sent to a GPU."""
    bits = (1 << 64) - 1
    x = number & bits
    x = ((x ^ x >> 30) * _MIX_1) & bits
    x = ((x ^ x >> 27) * _MIX_2) & bits
    return _signed(x ^ x >> 31)


def _signed(number: int) -> int:
    """The lowest 64 bits of an integer as a signed one."""
    return (number + (1 << 63)) % (1 << 64) - (1 << 63)


class RandomKeys:
    """One independent source of random numbers for each example of a batch, as in JAX.

    Args:
        keys: ``(B,)`` int64, one per example.
    """

    def __init__(self, keys: Tensor) -> None:
        self.keys = keys

    @classmethod
    def from_seed(cls, seed: int, examples: Tensor) -> RandomKeys:
        """Keys of the examples numbered `examples` ``(B,)`` under one seed, an integer of which 64 bits count."""
        return cls(examples.to(torch.int64)).fold_in(seed)

    def fold_in(self, number: int) -> RandomKeys:
        """Derived keys, independent of these and of those of any other number."""
        return RandomKeys(_mix(_mix(self.keys + _GOLDEN) + _mix_number((number + 1) * _MIX_1)))

    def select(self, rows: Tensor) -> RandomKeys:
        """The keys of some rows."""
        return RandomKeys(self.keys[rows])

    def uniform(self, *shape: int) -> Tensor:
        """``(B, *shape)`` float32 in [0, 1 - 2**-23]; the same call gives the same numbers again."""
        count = math.prod(shape)
        positions = torch.arange(1, count + 1, dtype=torch.int64, device=self.keys.device) * _GOLDEN
        bits = _shift_right(_mix(_mix(self.keys)[:, None] + positions), 41)
        return (bits.to(torch.float32) * 2.0**-23).reshape(len(self.keys), *shape)

    def bernoulli(self, share: float, *shape: int) -> Tensor:
        """``(B, *shape)`` bool, true with a probability of `share` to within 2**-16; four at the cost of one number.

        Example:
            >>> round(float(RandomKeys.from_seed(0, torch.arange(100)).bernoulli(0.25, 1000).float().mean()), 2)
            0.25
        """
        count = math.prod(shape)
        positions = torch.arange(1, count // 4 + 2, dtype=torch.int64, device=self.keys.device) * _GOLDEN
        bits = _mix(_mix(self.keys)[:, None] + positions).view(torch.int16)[:, :count]
        return (bits < round(share * 2**16) - 2**15).reshape(len(self.keys), *shape)

    def categorical(self, probabilities: Tensor) -> Tensor:
        """Draw categories by inversion.

        Args:
            probabilities: ``(B, *shape, K)``, non-negative, not all zero, any normalisation.

        Returns:
            ``(B, *shape)`` int64; a category of probability zero is never drawn.
        """
        cumulative = probabilities.float().cumsum(-1)
        threshold = self.uniform(*probabilities.shape[1:-1]) * cumulative[..., -1]
        return (cumulative <= threshold.unsqueeze(-1)).sum(-1).clamp_(max=probabilities.shape[-1] - 1)
