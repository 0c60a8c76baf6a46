"""Dropout whose masks belong to the examples of a batch, so that a resumed run draws the same ones."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import Tensor, nn

from molgen.diffusion.random_keys import RandomKeys


class Dropout(nn.Module):
    """Sets a share of the values of each example to zero in training and scales the others by 1 / (1 - share).

    With random keys, see `key_dropout`, the mask is a function of the key of each example. Without, it is drawn from
    PyTorch's global state.

    Args:
        share: of the values dropped, 0 to below 1.

    Raises:
        ValueError: a batch is not of the examples that there are keys for.

    Shapes:
        ``(B, ...)`` -> the same.

    Example:
        >>> dropout = Dropout(0.5)
        >>> key_dropout(dropout, RandomKeys.from_seed(0, torch.arange(4)))
        >>> torch.equal(dropout(torch.ones(4, 8)), dropout(torch.ones(4, 8)))
        True
    """

    keys: Tensor | None = None

    def __init__(self, share: float) -> None:
        super().__init__()
        self.share = share

    def forward(self, x: Tensor) -> Tensor:
        """See above."""
        if self.keys is None or not self.training or not self.share:
            return nn.functional.dropout(x, self.share, self.training)
        if len(self.keys) != len(x):
            raise ValueError(f"random keys of {len(self.keys)} examples for a batch of {len(x)}")
        kept = RandomKeys(self.keys).bernoulli(1 - self.share, *x.shape[1:])
        return torch.where(kept, x * (1 / (1 - self.share)), 0.0)

    def extra_repr(self) -> str:
        return f"share={self.share}"


def set_dropout(module: nn.Module, share: float) -> None:
    """Set the share of every `Dropout` in a module."""
    for part in _parts(module):
        part.share = share


def key_dropout(module: nn.Module, rng: RandomKeys) -> None:
    """Draw the masks of every `Dropout` in a module from random keys, those of each from keys of its own.

    Args:
        module: network.
        rng: one key per example of the batches that it is called with until the next call of this.
    """
    for number, part in enumerate(_parts(module)):
        part.keys = rng.fold_in(number).keys if part.share else None


@contextmanager
def no_dropout(module: nn.Module) -> Iterator[None]:
    """Without dropout, for the length of a block in training."""
    parts = [part for part in _parts(module) if part.share]
    training = [part.training for part in parts]
    for part in parts:
        part.eval()
    try:
        yield
    finally:
        for part, mode in zip(parts, training, strict=True):
            part.train(mode)


def _parts(module: nn.Module) -> list[Dropout]:
    return [part for part in module.modules() if isinstance(part, Dropout)]
