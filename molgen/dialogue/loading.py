"""Trained models of dialogue from their directories."""

from __future__ import annotations

from pathlib import Path

from molgen.dialogue.model import BlockDiffusion


def load_dialogue(path: str | Path) -> BlockDiffusion:
    """A trained model of dialogue, ready to answer.

    Args:
        path: a model directory (``molgen train dialogue``).

    Raises:
        UsageError: there is no such model.
        MolgenError: it is damaged, of another version, of another kind, or holds a pickle.
    """
    return BlockDiffusion.from_pretrained(path)
