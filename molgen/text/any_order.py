"""Absorbing diffusion that reads every token once: a causal Transformer over the order of unmasking."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from functools import partial
from typing import ClassVar

import torch
from pydantic import Field
from torch import Tensor, nn

from molgen.diffusion.orders import block_order, over_orders
from molgen.diffusion.random_keys import RandomKeys
from molgen.models.sampling import SamplingConfig
from molgen.nn.transformer import Cache, Transformer
from molgen.system.bounds import Block
from molgen.text.corpus import TextBatch
from molgen.text.decoding import unmask
from molgen.text.model import TextGenerator, TextModelConfig

_ANCHORS = 2


class AnyOrderConfig(TextModelConfig):
    """Everything needed to build the generator again.

    Attributes:
        blocks: sizes of the blocks in which texts are unmasked, from left to right, each in a random order inside; one
            size is drawn for every text in training. 1 is from left to right; 0 is one block, all in a random order.
    """

    blocks: tuple[Block, ...] = Field((0,), min_length=1)


class AnyOrder(TextGenerator):
    """Absorbing diffusion in the time-free form: p(x) = average over orders of the product of p(x_next | unmasked).

    The bound of absorbing diffusion does not depend on its schedule and equals the mean over uniformly random orders
    of the cost of unmasking token after token (Hoogeboom et al., 2022; Ou et al., 2024). In this form masked tokens
    need not pass through the network at all. A slot of the causal Transformer holds the token just unmasked and the
    position to be unmasked next (Pannatier et al., sigma-GPT, 2024), and attends to the slots before it. Training then
    has a loss term for every token at the cost of an autoregressive model, and sampling reads each token once, with
    cached keys and values.

    Rotary attention rotates keys by the position of the token and queries by the target position. Two anchor slots come
    first, one before the first position and one after the last, so that every slot has access to the length.

    Args:
        config: everything.
    """

    family: ClassVar[str] = "any-order"
    settings = frozenset({"temperature", "top_p", "block", "template"})
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
        self, tokens: Tensor, positions: Tensor, targets: Tensor, length: int, cache: Cache | None = None
    ) -> Tensor:
        """Logits ``(B, m, vocabulary)`` of the token at each slot's target.

        Args:
            tokens: unmasked tokens in order ``(B, m)`` int64.
            positions: of these tokens ``(B, m)``.
            targets: position that each slot predicts ``(B, m)``.
            length: number of tokens of the text.
            cache: keys and values of the slots before; appended to.
        """
        ahead, behind = (x.clamp(0, self.longest + 1) for x in (targets, length - targets))
        h = self.embedding(tokens) + self.ahead(ahead) + self.behind(behind)
        return self.head(self.transformer(h, cache=cache, places=positions, targets=targets)).float()

    def heads(self) -> Sequence[nn.Module]:
        return (self.head,)

    def loss(self, batch: TextBatch, rng: RandomKeys, objective: str = "cross-entropy") -> dict[str, Tensor]:
        self.check_objective(objective)
        sizes = torch.tensor(self.config.blocks, device=batch.tokens.device)
        chosen = sizes[(rng.fold_in(1).uniform() * len(sizes)).long()]
        return {"tokens": self.cost(batch.tokens, block_order(batch.tokens.shape[1], chosen, rng.fold_in(0)))}

    def bound(self, batch: TextBatch, rng: RandomKeys) -> Tensor:
        n = batch.tokens.shape[1]
        order = block_order(n, self._block(self.sampling), rng)
        return self.cost(batch.tokens, order) - math.log(self.config.lengths.get(n, 0.0) or 1e-12)

    @property
    def exact(self) -> bool:
        """Where tokens come from left to right."""
        return self._block(self.sampling) == 1

    def tightened(self, bounds: Tensor) -> Tensor:
        return over_orders(bounds)

    def _block(self, sampling: SamplingConfig) -> int:
        """Tokens per block in sampling: by default the first size of training."""
        return self.config.blocks[0] if sampling.block is None else sampling.block

    def _anchors(self, n: int, rows: int, device: torch.device) -> tuple[Tensor, Tensor]:
        """Tokens and positions ``(B, 2)`` of the two anchor slots, which hold no token of the text."""
        tokens = torch.arange(self.vocabulary, self.vocabulary + _ANCHORS, device=device)
        return tokens.expand(rows, -1), torch.tensor([-1, n], device=device).expand(rows, -1)

    def logits(self, tokens: Tensor, order: Tensor) -> Tensor:
        """Logits ``(B, n, vocabulary)`` of the tokens ``order[:, 0], order[:, 1], ...`` of texts ``(B, n)``, each given
        those that come before it in the order."""
        rows, n = tokens.shape
        read, positions = self._anchors(n, rows, tokens.device)
        return self(
            torch.cat([read, tokens.gather(1, order[:, :-1])], dim=1),
            torch.cat([positions, order[:, :-1]], dim=1),
            torch.cat([order[:, :1], order], dim=1),
            n,
        )[:, 1:]

    def cost(self, tokens: Tensor, order: Tensor) -> Tensor:
        """- log p of texts ``(B, n)`` given their length, unmasked in an order ``(B, n)``, nats, ``(B,)``."""
        logits, unmasked = self.logits(tokens, order), tokens.gather(1, order)
        return nn.functional.cross_entropy(logits.transpose(1, 2), unmasked, reduction="none").sum(1)

    @torch.no_grad()
    def sample_tokens(
        self,
        length: int,
        rng: RandomKeys,
        sampling: SamplingConfig,
        observer: Callable[[Tensor], None] | None = None,
    ) -> tuple[list[list[int]], list[int]]:
        rows, device = len(rng.keys), rng.keys.device
        order = block_order(length, self._block(sampling), rng.fold_in(0))
        tokens, positions = self._anchors(length, rows, device)
        text = torch.full((rows, length), self.vocabulary, device=device)
        frozen = self.frozen(length, rng, sampling)
        given = 0
        if frozen is not None:  # read first, from left to right
            mask, values = frozen
            given = int(mask[0].sum())
            order = order.gather(1, (~mask).gather(1, order).byte().argsort(dim=1, stable=True))
            order = torch.cat([order[:, :given].sort(1).values, order[:, given:]], dim=1)
            text = torch.where(mask, values, text)
            tokens = torch.cat([tokens, text.gather(1, order[:, :given])], dim=1)
            positions = torch.cat([positions, order[:, :given]], dim=1)
        targets = torch.cat([order[:, :1], order[:, :given]], dim=1)
        network = partial(self, length=length, cache=Cache(self.config.network.layers))

        def draw(number: int, logits: Tensor) -> Tensor:
            return rng.fold_in(given + number + 1).categorical(sampling.probabilities(logits))

        for position, drawn in unmask(network, tokens, positions, targets, order[:, given:], draw):
            text.scatter_(1, position, drawn)
            if observer is not None:
                observer(text)
        return text.tolist(), [length - given] * rows
