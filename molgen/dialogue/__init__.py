"""Ordinary text, block after block: dialogue, and texts without end."""

from molgen.dialogue.long_text import read_stream, split_stream
from molgen.dialogue.model import BlockDiffusion
from molgen.dialogue.pairs import Pair, read_pairs, split_pairs

__all__ = ["BlockDiffusion", "Pair", "read_pairs", "read_stream", "split_pairs", "split_stream"]
