"""The autoregressive model of tokens, the baseline for diffusion."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import ClassVar

import torch
from torch import Tensor, nn

from molgen.constraints.conditions import Conditions
from molgen.constraints.templates import HOLE
from molgen.diffusion.random_keys import RandomKeys
from molgen.errors import UsageError
from molgen.models.sampling import SamplingConfig
from molgen.nn.transformer import Cache, Transformer
from molgen.text.corpus import TextBatch
from molgen.text.model import TextGenerator, TextModelConfig

_ROOM = 2
"""Longest sequence sampled, relative to the longest in training."""


class Autoregressive(TextGenerator):
    """p(x) = product of p(x_i | x_1 .. x_(i-1)), and of the end, by a causal Transformer.

    Sampling reads each token once, with cached keys and values, and drops finished sequences from the batch.

    Args:
        config: everything.
    """

    family: ClassVar[str] = "autoregressive"
    settings = frozenset({"temperature", "top_p", "template"})
    continuing = True
    config: TextModelConfig

    def __init__(self, config: TextModelConfig) -> None:
        super().__init__(config)
        vocabulary = len(config.tokenizer.tokens)
        self.end = vocabulary  # as an input, the same number stands for the beginning
        self.longest = _ROOM * config.longest
        self.embedding = nn.Embedding(vocabulary + 1, config.network.width)
        self.transformer = Transformer(config.network, causal=True)
        self.head = nn.Linear(config.network.width, vocabulary + 1)

    def forward(self, tokens: Tensor, cache: Cache | None = None) -> Tensor:
        """Tokens ``(B, n)`` -> logits ``(B, n, vocabulary + 1)`` of what follows each."""
        return self.head(self.transformer(self.embedding(tokens), cache=cache)).float()

    def heads(self) -> Sequence[nn.Module]:
        return (self.head,)

    def loss(self, batch: TextBatch, rng: RandomKeys, objective: str = "cross-entropy") -> dict[str, Tensor]:
        self.check_objective(objective)
        return {"tokens": self._cost(batch.tokens)}

    @property
    def exact(self) -> bool:
        return True

    def generates_size(self, size: int) -> bool:
        """Texts of any length, up to that at which sampling stops: it generates their end itself."""
        return size <= self.longest

    def attempt_size(self, smiles: str) -> int:
        self.encode(smiles)
        return 0

    def bound(self, batch: TextBatch, rng: RandomKeys) -> Tensor:
        return self._cost(batch.tokens)

    def _cost(self, tokens: Tensor) -> Tensor:
        """- log p of texts ``(B, n)``, their end included, nats, ``(B,)``."""
        end = tokens.new_full((len(tokens), 1), self.end)
        logits = self(torch.cat([end, tokens], dim=1))
        targets = torch.cat([tokens, end], dim=1)
        return nn.functional.cross_entropy(logits.transpose(1, 2), targets, reduction="none").sum(1)

    def check_sampling(self, sampling: SamplingConfig) -> None:
        super().check_sampling(sampling)
        template = self.template(sampling)
        if template is not None and (len(template.parts) > 2 or template.parts[-1]):
            raise UsageError(
                f"an autoregressive model can only continue a text: put one {HOLE} at the end, and no other"
            )

    def draw_sizes(self, rng: RandomKeys, sampling: SamplingConfig, conditions: Conditions | None = None) -> Tensor:
        """Zeros ``(B,)``: the model generates the end itself, and sequences of all lengths are sampled together."""
        return torch.zeros_like(rng.keys)

    @torch.no_grad()
    def sample_tokens(
        self,
        length: int,
        rng: RandomKeys,
        sampling: SamplingConfig,
        observer: Callable[[Tensor], None] | None = None,
    ) -> tuple[list[list[int]], list[int]]:
        cache = Cache(self.config.network.layers)
        running = torch.arange(len(rng.keys), device=rng.keys.device)
        template = self.template(sampling)
        prefix = [] if template is None else list(template.parts[0])
        last = torch.tensor([self.end, *prefix], device=running.device).expand(len(running), -1)
        sequences = [prefix.copy() for _ in range(len(running))]
        calls = [0] * len(running)
        for number in range(self.longest + 1 - len(prefix)):
            p = sampling.probabilities(self(last, cache)[:, -1:])
            drawn = rng.fold_in(number).categorical(p)[:, 0]
            going = drawn != self.end
            for row, token in zip(running.tolist(), drawn.tolist(), strict=True):
                calls[row] += 1
                if token != self.end:
                    sequences[row].append(token)
            if observer is not None:
                observer(torch.tensor(sequences[:1]))
            if not going.any():
                break
            if not going.all():
                kept = going.nonzero().squeeze(1)
                running, drawn, rng = running[kept], drawn[kept], rng.select(kept)
                cache.select(kept)
            last = drawn[:, None]
        return sequences, calls
