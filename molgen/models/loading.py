"""Trained generators by name."""

from __future__ import annotations

from pathlib import Path

from molgen.models.generator import Generator


def load(name: str | Path) -> Generator:
    """A trained generator of molecules, ready to sample.

    Args:
        name: a model that ships with molgen, or a model directory.

    Raises:
        UsageError: there is no such model.
        MolgenError: it is damaged, of another version, of another kind, or holds a pickle.
    """
    return Generator.from_pretrained(name)
