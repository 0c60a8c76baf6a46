"""Dropping molecules that have come before, over all shards of a library."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from molgen.library.duplicates import Dropped
from molgen.library.engines import Engine
from molgen.library.manifest import Folder, Note
from molgen.library.shard import drop


def deduplicate(folder: Folder, engine: Engine, notes: dict[int, Note]) -> dict[int, Note]:
    """Write the shards again that hold a molecule which has come before, or is excluded; note each.

    It may be stopped at any moment and begun again: the first attempt with a molecule is never dropped.

    Args:
        folder: of the library.
        engine: that does the work.
        notes: of all its shards.

    Returns:
        The notes as they are now.
    """
    found = engine.duplicates([folder.shard(number) for number in notes], folder.excluded, folder.path)
    result = dict(notes)
    for note in engine.map(drop, _by_shard(folder, notes, found)):
        folder.add_note(note)
        result[note.shard] = note
    return dict(sorted(result.items()))


def _by_shard(folder: Folder, notes: dict[int, Note], found: Dropped) -> Iterator[tuple[str, Note, Dropped]]:
    """What to drop of each shard that loses something."""
    for note in notes.values():
        ends = (note.first, note.first + note.attempts)
        mine = {name: numbers[slice(*np.searchsorted(numbers, ends))] for name, numbers in found.items()}
        if any(map(len, mine.values())):
            yield str(folder.path.resolve()), note, mine
