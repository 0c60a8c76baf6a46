"""Dialogue: a prompt in, replies out."""

from molgen.text.dialogue.corpus import Pair, read_pairs, split_pairs
from molgen.text.dialogue.model import Dialogue

__all__ = ["Dialogue", "Pair", "read_pairs", "split_pairs"]
