"""Training of block diffusion on ordinary text."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any, Literal, Self

import torch
from pydantic import Field, model_validator

from molgen.datasets.batches import BatchStream
from molgen.datasets.config import SourceConfig
from molgen.datasets.splits import TRAIN, VALIDATION
from molgen.dialogue.batch import BlockBatch
from molgen.dialogue.long_text import read_stream, split_stream, stream_batches
from molgen.dialogue.model import BlockConfig, BlockDiffusion
from molgen.dialogue.pairs import CHATTERBOT, pair_batches, read_pairs, split_pairs
from molgen.errors import MolgenError
from molgen.models.base import Model
from molgen.models.recipe import VALIDATION_BATCH, Prepared, Recipe
from molgen.nn.transformer import TransformerConfig
from molgen.system.files import sha256
from molgen.text.tokenizers import BytePairTokenizer, Tokenizer


class CorpusConfig(SourceConfig):
    """Ordinary text.

    Attributes:
        vocabulary: tokens that are learned from the training part, 256 bytes included.
    """

    vocabulary: int = Field(1024, ge=256)


class PairsConfig(CorpusConfig):
    """Pairs of prompt and reply, split by prompt: ``chatterbot``, or a file of prompt, tab, reply."""

    name: str = "chatterbot"


class StreamConfig(CorpusConfig):
    """A text without end, in a file; its last lines are held out.

    Attributes:
        length: tokens per window.
    """

    length: int = Field(128, ge=1)


class BlocksRecipe(Recipe):
    """Block diffusion on ordinary text.

    Attributes:
        data: the text.
        block: tokens that are generated in a random order before the next block; 1 is an autoregressive model.
        network: shape of the Transformer.
    """

    data: CorpusConfig
    block: int = Field(8, ge=1)
    network: TransformerConfig = TransformerConfig()

    def fixed_by(self, start: BlockDiffusion) -> dict[str, Any]:
        return {"block": start.config.block, "network": start.config.network}

    def model(
        self,
        start: Model | None,
        texts: Sequence[str],
        longest: Callable[[Tokenizer], int],
        sizes: dict[str, int],
        window: int | None,
    ) -> BlockDiffusion:
        """The model to begin from, or a new one with a vocabulary learned from texts."""
        torch.manual_seed(self.optimiser.seed)
        if start is not None:
            assert isinstance(start, BlockDiffusion)
            return start
        tokenizer = BytePairTokenizer.learn(texts, self.data.vocabulary)
        return BlockDiffusion(
            BlockConfig(
                tokenizer=tokenizer.config,
                longest=longest(tokenizer),
                block=self.block,
                window=window,
                network=self.network,
                data={"name": self.data.name, "splits": sizes},
            )
        )

    def prepared(
        self, model: BlockDiffusion, batches: Callable[..., BatchStream[BlockBatch]], validated: bool
    ) -> Prepared:
        """Model and batches, of which `batches` gives those of a split."""
        validation = batches(VALIDATION, VALIDATION_BATCH, passes=1) if validated else None
        return Prepared(model, partial(batches, TRAIN, self.optimiser.batch_size), validation)


class DialogueRecipe(BlocksRecipe):
    """Dialogue: the TOML tables ``[data]``, ``[network]`` and ``[optimiser]``."""

    family: Literal["dialogue"] = "dialogue"
    data: PairsConfig = PairsConfig()

    def prepare(self, start: Model | None, progress: Callable[[int], None] | None) -> Prepared:
        splits = split_pairs(read_pairs(self.data.name), self.data.split)
        if not splits[TRAIN]:
            raise MolgenError(f"{self.data.name} leaves no pairs to train on")
        texts = [text for pair in splits[TRAIN] for text in pair]
        sizes = {name: len(pairs) for name, pairs in splits.items()}

        def longest(tokenizer: Tokenizer) -> int:
            return max(len(tokenizer.encode(pair.reply)) for pair in splits[TRAIN])

        model = self.model(start, texts, longest, sizes, None)

        def batches(split: str, batch_size: int, **options: Any) -> BatchStream[BlockBatch]:
            return pair_batches(splits[split], model.tokenizer, model.config.block, batch_size, **options)

        return self.prepared(model, batches, bool(splits[VALIDATION]))

    def source(self) -> tuple[str, str]:
        pairs = read_pairs(self.data.name)
        name = self.data.name if self.data.name == CHATTERBOT else str(Path(self.data.name).resolve())
        return name, hashlib.sha256(repr(pairs).encode()).hexdigest()


class StreamRecipe(BlocksRecipe):
    """A text without end: the TOML tables ``[data]``, ``[network]`` and ``[optimiser]``."""

    family: Literal["stream"] = "stream"
    data: StreamConfig

    @model_validator(mode="after")
    def _whole(self) -> Self:
        if self.data.length % self.block or self.data.length == self.block:
            raise ValueError(f"data.length must be some blocks long, got {self.data.length} for blocks of {self.block}")
        return self

    def prepare(self, start: Model | None, progress: Callable[[int], None] | None) -> Prepared:
        splits = split_stream(read_stream(Path(self.data.name)), self.data.split)
        sizes = {name: len(text) for name, text in splits.items()}
        lines = splits[TRAIN].splitlines(keepends=True)
        window = self.data.length - self.block  # what the last block of a window has before it
        model = self.model(start, lines, lambda _: self.data.length, sizes, window)

        def batches(split: str, batch_size: int, **options: Any) -> BatchStream[BlockBatch]:
            return stream_batches(splits[split], model.tokenizer, self.data.length, batch_size, **options)

        return self.prepared(model, batches, bool(splits[VALIDATION]))

    def source(self) -> tuple[str, str]:
        path = Path(self.data.name)
        return str(path.resolve()), sha256(path)
