"""Block diffusion: block after block, each unmasked in a random order given everything before it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, ClassVar, Self, Unpack

import torch
from pydantic import BaseModel, ConfigDict
from torch import Tensor, nn

from molgen.dialogue.batch import BlockBatch
from molgen.dialogue.pairs import opening
from molgen.diffusion.orders import over_orders
from molgen.diffusion.random_keys import RandomKeys
from molgen.errors import UsageError
from molgen.models.base import Model
from molgen.models.sampling import SamplingConfig
from molgen.models.settings import SamplingSettings, names_settings
from molgen.nn.transformer import Cache, Transformer, TransformerConfig
from molgen.system.bounds import Tokens
from molgen.text.decoding import unmask
from molgen.text.tokenizers import TokenizerConfig, make_tokenizer

_SPECIAL = 2
_BATCHES = 4
_APART = 1_000_003
_ROOM = 2
"""Longest reply sampled, over the longest in training."""


class BlockConfig(BaseModel):
    """Everything needed to build the model again.

    Attributes:
        tokenizer: kind and vocabulary.
        longest: tokens of the longest text in training, after what is given.
        block: tokens that are unmasked in a random order before the next block begins; 1 is an autoregressive model.
        window: tokens before the current block that are attended to; None for all.
        network: shape.
        data: name and sizes of the splits.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    tokenizer: TokenizerConfig
    longest: Tokens
    block: Tokens = 8
    window: Tokens | None = None
    network: TransformerConfig = TransformerConfig()
    data: dict[str, Any] = {}


class BlockDiffusion(Model):
    """Absorbing diffusion on the blocks of a text (Arriola et al., BD3-LM, 2025), given its beginning.

    The network is that of `AnyOrder`: a slot holds a token just read and the position to be unmasked next, and attends
    to the slots before it, so that every token is read once and keys and values are kept from block to block. Positions
    enter as distances and as the position in a block alone, and with a window no distance is larger than in training:
    a text may be longer than any in training.

    Two uses. A reply follows a prompt and ends with the first end token; what follows it in the block is dropped. A
    stream continues a text to any length.

    Args:
        config: everything.
    """

    family: ClassVar[str] = "dialogue"
    settings = frozenset({"temperature", "top_p"})
    config: BlockConfig

    def __init__(self, config: BlockConfig) -> None:
        super().__init__()
        self.config = config
        self.sampling = SamplingConfig()
        self.tokenizer = make_tokenizer(config.tokenizer)
        self.end = len(config.tokenizer.tokens)
        width = config.network.width
        self.embedding = nn.Embedding(self.end + _SPECIAL, width)
        self.target = nn.Embedding(config.block + 1, width)
        self.transformer = Transformer(config.network, causal=True)
        self.head = nn.Linear(width, self.end + 1)

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Self:
        return cls(BlockConfig.model_validate(config))

    def forward(
        self, tokens: Tensor, places: Tensor, targets: Tensor, begins: Tensor, cache: Cache | None = None
    ) -> Tensor:
        """Logits ``(B, m, vocabulary + 1)`` of the token at each slot's target.

        Args:
            tokens: read, in order, ``(B, m)``.
            places: their positions ``(B, m)``.
            targets: the position that each slot predicts ``(B, m)``.
            begins: where the first block begins ``(B,)``.
            cache: the slots before.
        """
        begin = begins[:, None]
        inside = torch.where(targets < begin, self.config.block, (targets - begin) % self.config.block)
        h = self.embedding(tokens) + self.target(inside)
        return self.head(self.transformer(h, cache=cache, places=places, targets=targets)).float()

    def heads(self) -> Sequence[nn.Module]:
        return (self.head,)

    def loss(self, batch: BlockBatch, rng: RandomKeys, objective: str = "cross-entropy") -> dict[str, Tensor]:
        self.check_objective(objective)
        return {"tokens": self.bound(batch, rng)}

    def bound(self, batch: BlockBatch, rng: RandomKeys) -> Tensor:
        n = batch.tokens.shape[1]
        begin, place = batch.begins[:, None], torch.arange(n, device=batch.tokens.device)
        block = torch.div(place - begin, self.config.block, rounding_mode="floor")
        order = torch.where(place < begin, place, begin + block + rng.uniform(n)).argsort(1)
        read = batch.tokens.gather(1, order)
        logits = self(read[:, :-1], order[:, :-1], order[:, 1:], batch.begins)
        cost = nn.functional.cross_entropy(logits.transpose(1, 2), read[:, 1:].clamp(max=self.end), reduction="none")
        return (cost * (order[:, 1:] >= begin)).sum(1)

    def tightened(self, bounds: Tensor) -> Tensor:
        return over_orders(bounds)

    def sample_metrics(self, count: int) -> dict[str, float]:
        """No metrics, since they depend on the text; of replies see `molgen.dialogue.metrics`."""
        return {}

    @names_settings
    @torch.no_grad()
    def reply(
        self,
        prompt: str,
        n: int = 1,
        *,
        seed: int = 0,
        observer: Callable[[list[str]], None] | None = None,
        **sampling: Unpack[SamplingSettings],
    ) -> list[str]:
        """Replies to a prompt; the same one may come twice.

        Args:
            prompt: text to reply to.
            n: number of replies.
            seed: results depend on it alone.
            observer: called with the unfinished replies after each network call.
            **sampling: fields of `SamplingConfig` to override.

        Raises:
            UsageError: an empty prompt, n below 1, or a bad sampling setting.
        """
        if not prompt.strip():
            raise UsageError("the prompt is empty: give a text to reply to")
        if n < 1:
            raise UsageError(f"the number of replies must be at least 1, got {n}")
        config = self.sampling_with(**sampling)
        with self.evaluating():
            return self._write(
                opening(prompt.strip(), self.tokenizer),
                RandomKeys.from_seed(seed, torch.arange(n)),
                config,
                _ROOM * self.config.longest,
                True,
                observer,
            )

    @names_settings
    def replies(
        self,
        prompt: str,
        n: int,
        *,
        seed: int = 0,
        observer: Callable[[list[str]], None] | None = None,
        **sampling: Unpack[SamplingSettings],
    ) -> list[str]:
        """Up to n replies to a prompt that are all different and not empty; fewer where few are likely.

        Args:
            prompt: text to reply to.
            n: number of replies.
            seed: results depend on it alone.
            observer: see `reply`.
            **sampling: fields of `SamplingConfig` to override.

        Raises:
            UsageError: see `reply`.
        """
        found: dict[str, None] = {}
        for batch in range(_BATCHES):
            drawn = self.reply(prompt, n, seed=seed + batch * _APART, observer=observer, **sampling)
            found.update(dict.fromkeys(text for text in drawn if text.strip()))
            if len(found) >= n:
                break
        return list(found)[:n]

    @names_settings
    @torch.no_grad()
    def go_on(
        self, text: str, tokens: int, n: int = 1, *, seed: int = 0, **sampling: Unpack[SamplingSettings]
    ) -> list[str]:
        """Continuations of a text, as a stream, which has no end token.

        Args:
            text: to continue.
            tokens: number of tokens to write, rounded up to whole blocks.
            n: number of continuations.
            seed: results depend on it alone.
            **sampling: fields of `SamplingConfig` to override.

        Raises:
            UsageError: an empty text, tokens or n below 1, or a bad sampling setting.
        """
        if not text:
            raise UsageError("there is no text to continue")
        if min(tokens, n) < 1:
            raise UsageError(f"the numbers of tokens and of continuations must be at least 1, got {tokens} and {n}")
        config = self.sampling_with(**sampling)
        given = self.tokenizer.encode(text)[-(self.config.window or len(text)) :]
        with self.evaluating():
            return self._write(given, RandomKeys.from_seed(seed, torch.arange(n)), config, tokens, False, None)

    def _write(
        self,
        given: list[int],
        rng: RandomKeys,
        sampling: SamplingConfig,
        limit: int,
        ends: bool,
        observer: Callable[[list[str]], None] | None,
    ) -> list[str]:
        rows, begin, size = len(rng.keys), len(given), self.config.block
        begins = torch.full((rows,), begin)
        tokens = torch.tensor(given).expand(rows, -1)
        places = torch.arange(begin).expand(rows, -1)
        texts: list[list[int]] = [[] for _ in range(rows)]
        running, cache = torch.arange(rows), Cache(self.config.network.layers)
        for block in range(-(-limit // size)):
            stream = rng.fold_in(block)
            order = begin + block * size + stream.fold_in(0).uniform(size).argsort(1)
            written = torch.full((len(running), size), self.end + 1)
            network = partial(self, begins=begins, cache=cache)

            def draw(number: int, logits: Tensor, keys: RandomKeys = stream) -> Tensor:
                if not ends:
                    logits[:, self.end] = float("-inf")
                return keys.fold_in(number + 1).categorical(sampling.probabilities(logits))

            for position, drawn in unmask(network, tokens, places, places[:, 1:], order, draw):
                tokens, places = drawn, position
                written.scatter_(1, places - begin - block * size, tokens)
                if observer is not None:
                    observer(self._drafts(texts, running, written))
            for row, new in zip(running.tolist(), written.tolist(), strict=True):
                texts[row] += new
            if self.config.window is not None:
                cache.keep(self.config.window)
            going = (written != self.end).all(1)
            if not going.any():
                break
            if not going.all():
                running, rng, begins = running[going], rng.select(going), begins[going]
                tokens, places = tokens[going], places[going]
                cache.select(going)
        return [self._text(text) for text in texts]

    def _drafts(self, texts: list[list[int]], running: Tensor, written: Tensor) -> list[str]:
        """The unfinished texts, with the masked positions of the current block."""
        drafts = dict(zip(running.tolist(), written.tolist(), strict=True))
        return [self._text(text + drafts.get(row, [])) for row, text in enumerate(texts)]

    def _text(self, tokens: list[int]) -> str:
        known = tokens[: tokens.index(self.end)] if self.end in tokens else tokens
        return self.tokenizer.decode(known)

    @classmethod
    def described(cls) -> str:
        return "one that answers or goes on (molgen train dialogue, molgen train stream)"
