"""Parts that the networks of graphs and of text share."""

from __future__ import annotations

import torch
from torch import Tensor, nn


class Modulation(nn.Module):
    """Scale and shift of normalised features by the time and size of the molecule (adaptive layer norm).

    Args:
        width: channels modulated.
        condition_width: channels of the condition; 0 for none, which leaves a plain layer norm.
    """

    def __init__(self, width: int, condition_width: int) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(width)
        self.linear = residual_linear(condition_width, 2 * width) if condition_width else None

    def forward(self, x: Tensor, condition: Tensor | None, batch: Tensor | None = None) -> Tensor:
        """Normalise and modulate.

        Args:
            x: ``(B, V, width)``, or ``(N, width)`` of examples of different sizes.
            condition: ``(B, condition_width)``, or ``(1, condition_width)`` for all.
            batch: example of each row of `x` ``(N,)``, where sizes differ.
        """
        if self.linear is None:
            return self.norm(x)
        modulation = self.linear(condition)
        modulation = modulation.unsqueeze(1) if batch is None else modulation[batch]
        scale, shift = modulation.chunk(2, dim=-1)
        return torch.addcmul(shift, self.norm(x), 1 + scale)


class FeedForward(nn.Sequential):
    """Two linear maps with a SiLU between, the second starting near zero."""

    def __init__(self, width: int, hidden: int) -> None:
        super().__init__(nn.Linear(width, hidden), nn.SiLU(), residual_linear(hidden, width))


def residual_linear(width_in: int, width_out: int) -> nn.Linear:
    """A linear map that writes into the residual stream: starts at zero, so that a layer starts as the identity."""
    linear = nn.Linear(width_in, width_out)
    nn.init.zeros_(linear.weight)
    nn.init.zeros_(linear.bias)
    return linear


class TimeEmbedding(nn.Module):
    """Fourier features of t, from slow to fast.

    Args:
        width: channels, even.
    """

    frequencies: Tensor

    def __init__(self, width: int) -> None:
        super().__init__()
        frequencies = torch.logspace(0, 2, width // 2)
        self.register_buffer("frequencies", frequencies, persistent=False)

    def forward(self, t: Tensor) -> Tensor:
        """``(...)`` -> ``(..., width)``."""
        angle = t[..., None] * self.frequencies
        return torch.cat([angle.sin(), angle.cos()], dim=-1)
