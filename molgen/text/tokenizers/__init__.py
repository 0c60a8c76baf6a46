"""Text to tokens and back, without loss; a vocabulary is learned from data and stored with the model."""

from __future__ import annotations

from molgen.text.tokenizers.base import Tokenizer, TokenizerConfig
from molgen.text.tokenizers.selfies import SelfiesTokenizer
from molgen.text.tokenizers.smiles import SmilesTokenizer

TOKENIZERS: dict[str, type[Tokenizer]] = {"smiles": SmilesTokenizer, "selfies": SelfiesTokenizer}
"""By kind."""


def make_tokenizer(config: TokenizerConfig) -> Tokenizer:
    """The tokenizer that a configuration describes."""
    return TOKENIZERS[config.kind](config.tokens)


__all__ = ["TOKENIZERS", "SelfiesTokenizer", "SmilesTokenizer", "Tokenizer", "TokenizerConfig", "make_tokenizer"]
