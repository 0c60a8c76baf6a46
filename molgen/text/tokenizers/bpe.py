"""Byte pairs for ordinary text (Sennrich et al., 2016), by the package `tokenizers`: any text at all, without loss."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import ClassVar, Self

import tokenizers
from tokenizers import decoders, models, pre_tokenizers, trainers

from molgen.errors import MolgenError
from molgen.text.tokenizers.base import UNKNOWN, Kind, Tokenizer, TokenizerConfig


class BytePairTokenizer(Tokenizer):
    """Bytes, and the pairs of them that were frequent in the texts it learned from.

    Args:
        config: vocabulary and merges.

    Raises:
        ValueError: the merges do not fit the vocabulary.
    """

    kind: ClassVar[Kind] = "bpe"

    def __init__(self, config: TokenizerConfig) -> None:
        self._config = config
        self.tokens = config.tokens
        index = {token: number for number, token in enumerate(config.tokens)}
        try:
            model = models.BPE(vocab=index, merges=list(config.merges))
        except Exception as error:  # the package raises nothing more precise
            raise ValueError(f"not a byte-pair vocabulary: {error}") from None
        self._engine = _engine(model)

    @classmethod
    def learn(cls, texts: Iterable[str], size: int = 1024) -> Self:
        """The vocabulary of some texts.

        Args:
            texts: to learn from.
            size: tokens, the 256 bytes included.

        Raises:
            MolgenError: there are no texts.
        """
        texts = list(texts)
        if not any(texts):
            raise MolgenError("there are no texts to learn tokens from")
        engine = _engine(models.BPE())
        alphabet = pre_tokenizers.ByteLevel.alphabet()
        trainer = trainers.BpeTrainer(vocab_size=size, initial_alphabet=sorted(alphabet), show_progress=False)
        engine.train_from_iterator(texts, trainer)
        learned = json.loads(engine.to_str())["model"]
        tokens = sorted(learned["vocab"], key=learned["vocab"].__getitem__)
        return cls(TokenizerConfig(kind="bpe", tokens=tuple(tokens), merges=tuple(map(tuple, learned["merges"]))))

    @classmethod
    def from_config(cls, config: TokenizerConfig) -> Self:
        return cls(config)

    @property
    def config(self) -> TokenizerConfig:
        return self._config

    @staticmethod
    def code(token: str) -> tuple[object, ...]:
        """Whether it begins a word, letters, digits or neither, its length, and itself."""
        word = token.removeprefix("\u0120")  # how a leading blank is written
        return token != word, word.isalpha(), word.isdigit(), len(word), word

    def encode(self, text: str) -> list[int]:
        return list(self._engine.encode(text).ids)

    def decode(self, numbers: Iterable[int]) -> str:
        parts: list[str] = []
        known: list[int] = []
        for number in numbers:
            if number < len(self.tokens):
                known.append(number)
                continue
            parts += [self._engine.decode(known), UNKNOWN]
            known = []
        return "".join([*parts, self._engine.decode(known)])


def _engine(model: models.BPE) -> tokenizers.Tokenizer:
    engine = tokenizers.Tokenizer(model)
    engine.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    engine.decoder = decoders.ByteLevel()
    return engine
