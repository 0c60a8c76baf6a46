"""Absorbing diffusion that reads every token once: a causal Transformer over the order in which masks fall."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import ClassVar, Literal

import torch
from torch import Tensor, nn

from molgen.diffusion.samplers import sharpened
from molgen.diffusion.streams import Streams
from molgen.errors import UsageError
from molgen.generator import SamplingConfig
from molgen.text.corpus import TextBatch
from molgen.text.model import TextGenerator, TextModelConfig
from molgen.text.transformer import Cache, Transformer

Order = Literal["random", "sequential"]

_ANCHORS = 2


class AnyOrderConfig(TextModelConfig):
    """Everything needed to build the generator again.

    Attributes:
        sequential: share of the training texts that are uncovered from left to right instead of in a random order.
    """

    sequential: float = 0.0


class AnyOrder(TextGenerator):
    """Absorbing diffusion in the time-free form: p(x) = average over orders of the product of p(x_next | uncovered).

    The bound of absorbing diffusion does not depend on its schedule and equals the mean over uniformly random orders
    of the cost of uncovering token after token (Hoogeboom et al., 2022; Ou et al., 2024). Written so, masked tokens
    need not pass through the network at all: a slot holds the token just uncovered and the place to be uncovered next
    (Pannatier et al., sigma-GPT, 2024), and sees the slots before it. Training then has a term for every token at the
    cost of an autoregressive model, and sampling reads each token once, with kept keys and values.

    Attention turns keys by the place of the token and queries by the place asked for. Two anchors are read first, one
    before the first place and one behind the last, so that all know how long the text is.

    Args:
        config: everything.
    """

    kind: ClassVar[str] = "any-order"
    Config = AnyOrderConfig
    config: AnyOrderConfig

    def __init__(self, config: AnyOrderConfig) -> None:
        super().__init__(config)
        vocabulary, width = len(config.tokenizer.tokens), config.network.width
        self.vocabulary = vocabulary
        self.longest = config.longest
        self.embedding = nn.Embedding(vocabulary + _ANCHORS, width)
        self.ahead = nn.Embedding(self.longest + 2, width)
        self.behind = nn.Embedding(self.longest + 2, width)
        self.transformer = Transformer(config.network, causal=True)
        self.head = nn.Linear(width, vocabulary)

    def forward(
        self, tokens: Tensor, places: Tensor, targets: Tensor, length: int, cache: Cache | None = None
    ) -> Tensor:
        """Logits ``(B, m, vocabulary)`` of the token at each slot's target.

        Args:
            tokens: uncovered, in order, ``(B, m)``.
            places: where they stand ``(B, m)``.
            targets: the place asked for by each slot ``(B, m)``.
            length: tokens of the text.
            cache: the slots before.
        """
        ahead, behind = (x.clamp(0, self.longest + 1) for x in (targets, length - targets))
        h = self.embedding(tokens) + self.ahead(ahead) + self.behind(behind)
        return self.head(self.transformer(h, cache=cache, places=places, targets=targets)).float()

    def loss(self, batch: TextBatch, streams: Streams, objective: str = "cross-entropy") -> dict[str, Tensor]:
        if objective != "cross-entropy":
            raise UsageError('here cross-entropy is the bound itself: set optimiser.objective = "cross-entropy"')
        n = batch.tokens.shape[1]
        forwards = streams.fold(1).uniform() < self.config.sequential
        order = torch.where(forwards[:, None], torch.arange(n, device=forwards.device), self._order(n, streams.fold(0)))
        return {"tokens": self._cost(batch.tokens, order)}

    def bound(self, batch: TextBatch, streams: Streams) -> Tensor:
        n = batch.tokens.shape[1]
        if self.sampling.order == "sequential":
            order = torch.arange(n, device=batch.tokens.device).expand(len(batch), -1)
        else:
            order = self._order(n, streams)
        return self._cost(batch.tokens, order) - math.log(self.config.lengths.get(n, 0.0) or 1e-12)

    def _order(self, n: int, streams: Streams) -> Tensor:
        """Uniformly random orders ``(B, n)``."""
        return streams.uniform(n).argsort(1)

    def _anchors(self, n: int, rows: int, device: torch.device) -> tuple[Tensor, Tensor]:
        """Tokens and places ``(B, 2)`` of the two slots that stand for no token."""
        tokens = torch.arange(self.vocabulary, self.vocabulary + _ANCHORS, device=device)
        return tokens.expand(rows, -1), torch.tensor([-1, n], device=device).expand(rows, -1)

    def _cost(self, tokens: Tensor, order: Tensor) -> Tensor:
        """- log p of texts ``(B, n)`` uncovered in given orders, nats, ``(B,)``."""
        rows, n = tokens.shape
        read, places = self._anchors(n, rows, tokens.device)
        uncovered = tokens.gather(1, order)
        logits = self(
            torch.cat([read, uncovered[:, :-1]], dim=1),
            torch.cat([places, order[:, :-1]], dim=1),
            torch.cat([order[:, :1], order], dim=1),
            n,
        )[:, 1:]
        return nn.functional.cross_entropy(logits.transpose(1, 2), uncovered, reduction="none").sum(1)

    @torch.no_grad()
    def sample_tokens(
        self,
        length: int,
        streams: Streams,
        sampling: SamplingConfig,
        observer: Callable[[Tensor], None] | None = None,
    ) -> tuple[list[list[int]], list[int]]:
        temperature, top_p = sampling.temperature.get("tokens", 1.0), sampling.top_p.get("tokens", 1.0)
        rows, device = len(streams.keys), streams.keys.device
        order = self._order(length, streams.fold(0))
        if sampling.order == "sequential":
            order = torch.arange(length, device=device).expand(rows, -1)
        cache = Cache(self.config.network.layers)
        tokens, places = self._anchors(length, rows, device)
        text = torch.full((rows, length), self.vocabulary, device=device)
        for number in range(length):
            target = order[:, number : number + 1]
            logits = self(tokens, places, target.expand_as(tokens), length, cache)[:, -1]
            drawn = streams.fold(number + 1).categorical(sharpened(logits, temperature, top_p))[:, None]
            text.scatter_(1, target, drawn)
            tokens, places = drawn, target
            if observer is not None:
                observer(text)
        return text.tolist(), [length] * rows
