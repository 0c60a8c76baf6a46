"""A batch for block diffusion."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor


@dataclass(frozen=True)
class BlockBatch:
    """Texts of the same length, of which the beginning is given.

    Attributes:
        tokens: what is given, and whole blocks of what follows ``(B, n)`` int64.
        begins: where the first block begins ``(B,)`` int64.
        examples: ``(B,)`` int64, the number of each text in its split.
        visit: how often the data had been gone through before.
    """

    tokens: Tensor
    begins: Tensor
    examples: Tensor
    visit: int

    def __len__(self) -> int:
        return len(self.tokens)

    def to(self, device: torch.device, non_blocking: bool = False) -> BlockBatch:
        """The batch on another device."""
        tensors = (self.tokens, self.begins, self.examples)
        tokens, begins, examples = (tensor.to(device, non_blocking=non_blocking) for tensor in tensors)
        return BlockBatch(tokens, begins, examples, self.visit)
