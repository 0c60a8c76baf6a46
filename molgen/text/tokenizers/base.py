"""The interface of tokenizers, and those that split by rule."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Iterable, Sequence
from contextlib import suppress
from typing import ClassVar, Literal, Self

from pydantic import BaseModel, ConfigDict, field_validator

from molgen.errors import MolgenError

Kind = Literal["smiles", "selfies", "bpe"]

UNKNOWN = "_"
"""Shown for numbers beyond the vocabulary, such as the mask."""


class TokenizerConfig(BaseModel):
    """A tokenizer and its vocabulary.

    Attributes:
        kind: ``smiles``, ``selfies`` or ``bpe``.
        tokens: the vocabulary, most frequent first, unless the scheme fixes the order.
        merges: of ``bpe``, in order of priority.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    kind: Kind = "smiles"
    tokens: tuple[str, ...]
    merges: tuple[tuple[str, str], ...] = ()

    @field_validator("tokens")
    @classmethod
    def _check(cls, tokens: tuple[str, ...]) -> tuple[str, ...]:
        if not tokens or "" in tokens or len(set(tokens)) < len(tokens):
            raise ValueError("tokens must be there, not empty, and all different")
        return tokens


class Tokenizer(ABC):
    """Texts to numbers of tokens and back.

    Attributes:
        tokens: the vocabulary; a token's number is its position.
    """

    kind: ClassVar[Kind]
    tokens: tuple[str, ...]

    @classmethod
    @abstractmethod
    def from_config(cls, config: TokenizerConfig) -> Self:
        """The tokenizer that a configuration describes.

        Raises:
            ValueError: it describes none.
        """

    @property
    @abstractmethod
    def config(self) -> TokenizerConfig:
        """For storage."""

    @staticmethod
    @abstractmethod
    def code(token: str) -> tuple[object, ...]:
        """Feature code of a token, for the Hamming distance of the hamming transition."""

    @abstractmethod
    def encode(self, text: str) -> list[int]:
        """Numbers of a text's tokens.

        Raises:
            MolgenError: a token outside the vocabulary, or a text that cannot be split.
        """

    @abstractmethod
    def decode(self, numbers: Iterable[int]) -> str:
        """The text of some numbers; those beyond the vocabulary are shown as `UNKNOWN`."""


class SymbolTokenizer(Tokenizer):
    """Splits texts into symbols by rule; the vocabulary is those that were seen.

    Args:
        tokens: the vocabulary.
    """

    def __init__(self, tokens: Sequence[str]) -> None:
        self.tokens = tuple(tokens)
        self.index = {token: number for number, token in enumerate(self.tokens)}

    @staticmethod
    @abstractmethod
    def split(text: str) -> list[str]:
        """Tokens of a text, in the vocabulary or not.

        Raises:
            MolgenError: it cannot be split without loss.
        """

    @staticmethod
    @abstractmethod
    def join(tokens: Sequence[str]) -> str:
        """The text of tokens."""

    @classmethod
    def learn(cls, texts: Iterable[str]) -> Self:
        """The vocabulary of some texts, most frequent token first, ties by alphabet.

        Texts that cannot be split are left out.

        Raises:
            MolgenError: there is none that can.
        """
        counts: Counter[str] = Counter()
        for text in texts:
            with suppress(MolgenError):
                counts.update(cls.split(text))
        if not counts:
            raise MolgenError("there are no texts to learn tokens from")
        return cls(sorted(counts, key=lambda token: (-counts[token], token)))

    @classmethod
    def from_config(cls, config: TokenizerConfig) -> Self:
        return cls(config.tokens)

    @property
    def config(self) -> TokenizerConfig:
        return TokenizerConfig(kind=self.kind, tokens=self.tokens)

    def encode(self, text: str) -> list[int]:
        tokens = self.split(text)
        for token in tokens:
            if token not in self.index:
                raise MolgenError(f"the token {token!r} of {text!r} is not in the vocabulary of the model")
        return [self.index[token] for token in tokens]

    def decode(self, numbers: Iterable[int]) -> str:
        return self.join([self.tokens[number] if number < len(self.tokens) else UNKNOWN for number in numbers])
