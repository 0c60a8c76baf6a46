"""The Transformer of the diffusion models on text: bidirectional, conditioned on time and length."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from molgen.nn.layers import TimeEmbedding
from molgen.nn.transformer import Transformer, TransformerConfig


class TimedTransformer(nn.Module):
    """Features of each token from embedded noisy tokens and times.

    Args:
        config: shape of the Transformer.
        longest: tokens of the longest text in training; in longer texts the length and the last positions are clamped
            to it.
    """

    def __init__(self, config: TransformerConfig, longest: int) -> None:
        super().__init__()
        width = config.width
        self.longest = longest
        self.position = nn.Embedding(longest, width)
        self.length = nn.Embedding(longest + 1, width)
        self.time = TimeEmbedding(width)
        self.condition = nn.Sequential(nn.Linear(width, width), nn.SiLU(), nn.Linear(width, width), nn.SiLU())
        self.transformer = Transformer(config, condition_width=width)

    def forward(self, h: Tensor, t: Tensor) -> Tensor:
        """``(B, n, width)`` and times ``(B,)``, or ``(1,)``: one for all -> ``(B, n, width)``."""
        n = h.shape[1]
        places = torch.arange(n, device=h.device).clamp(max=self.longest - 1)
        condition = self.condition(self.time(t) + self.length.weight[min(n, self.longest)])
        return self.transformer(h + self.position(places), condition)
