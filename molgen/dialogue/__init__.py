"""Ordinary text, block after block: dialogue, and texts without end."""

from pathlib import Path

from molgen.dialogue.long_text import read_stream, split_stream
from molgen.dialogue.model import BlockDiffusion
from molgen.dialogue.pairs import Pair, read_pairs, split_pairs

__all__ = ["BlockDiffusion", "Pair", "load_dialogue", "read_pairs", "read_stream", "split_pairs", "split_stream"]


def load_dialogue(name: str | Path) -> BlockDiffusion:
    """A trained model of dialogue or of a text without end.

    Args:
        name: a model directory.

    Raises:
        UsageError: there is no such directory.
        MolgenError: it is damaged, or holds another model.
    """
    return BlockDiffusion.from_pretrained(name)
