"""Text to tokens and back, without loss. Vocabularies are learned from data and stored with the model."""

from __future__ import annotations

from molgen.text.tokenizers.base import SymbolTokenizer, Tokenizer, TokenizerConfig
from molgen.text.tokenizers.bpe import BytePairTokenizer
from molgen.text.tokenizers.selfies import SelfiesTokenizer
from molgen.text.tokenizers.smiles import SmilesTokenizer

MOLECULE_TOKENIZERS: dict[str, type[SymbolTokenizer]] = {"smiles": SmilesTokenizer, "selfies": SelfiesTokenizer}
"""Those for molecules, by name."""

TOKENIZERS: dict[str, type[Tokenizer]] = {**MOLECULE_TOKENIZERS, "bpe": BytePairTokenizer}
"""All, by name."""


def make_tokenizer(config: TokenizerConfig) -> Tokenizer:
    """The tokenizer that a configuration describes.

    Raises:
        ValueError: it describes none.
    """
    return TOKENIZERS[config.kind].from_config(config)


__all__ = [
    "MOLECULE_TOKENIZERS",
    "TOKENIZERS",
    "BytePairTokenizer",
    "SelfiesTokenizer",
    "SmilesTokenizer",
    "SymbolTokenizer",
    "Tokenizer",
    "TokenizerConfig",
    "make_tokenizer",
]
