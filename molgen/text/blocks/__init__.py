"""Ordinary text, block after block: dialogue, and texts without end."""

from molgen.text.blocks.model import BlockDiffusion
from molgen.text.blocks.pairs import Pair, read_pairs, split_pairs
from molgen.text.blocks.stream import read_stream, split_stream

__all__ = ["BlockDiffusion", "Pair", "read_pairs", "read_stream", "split_pairs", "split_stream"]
