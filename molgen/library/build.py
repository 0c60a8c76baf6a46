"""Building a library: shards until there are enough different molecules."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator

from molgen.errors import MolgenError
from molgen.library.deduplicate import deduplicate
from molgen.library.engines import Engine
from molgen.library.manifest import Folder, Note
from molgen.library.shard import drop, make_shard

Progress = Callable[[int, str], object]
"""Called with the number of molecules kept so far, and a line on how it goes."""

_MOST_DROPPED = 0.98
"""Share of molecules that is expected to be dropped at most, when the work left is estimated."""


class Builder:
    """Makes the shards of a library that are missing, and drops molecules that have come before.

    The folder is sound at every moment: shards are written beside, renamed and then noted, and dropping molecules may
    be stopped and begun again. Which process makes what, and in which order, changes nothing.

    Args:
        folder: of the library; its lock is held.
        engine: that does the work.
        most: attempts after which the library is given up, rounded up to whole shards.
        progress: called after each shard.
    """

    def __init__(self, folder: Folder, engine: Engine, most: int, progress: Progress) -> None:
        self._folder, self._engine, self._progress = folder, engine, progress
        self._manifest = folder.manifest()
        assert self._manifest.settings is not None  # a merged library is not built
        self._shards = -(-most // self._manifest.settings.shard_attempts)
        self._wanted = self._manifest.requested
        self._notes: dict[int, Note] = {}
        self._rows = self._attempts = 0  # of all notes
        self._clean = 0  # rows of shards that have been compared with all others
        self._repeated = 0.0  # share of new rows that the last comparison has dropped
        self._begun = (0.0, 0)

    def run(self) -> None:
        """Build until there are enough molecules.

        Raises:
            MolgenError: the attempts were not enough, the disk is full, or processes are lost again and again.
        """
        self._repair()
        self._begun = (time.perf_counter(), self._rows)
        while True:
            self._make_shards()
            self._deduplicate()
            if self._rows >= self._wanted or len(self._notes) >= self._shards:
                break
        self._cut()
        found = self._rows
        self._folder.write_manifest(self._manifest.model_copy(update={"finished": found >= self._wanted}))
        if found < self._wanted:
            raise MolgenError(
                f"only {found:,} of {self._wanted:,} molecules after {self._attempts:,} attempts, which are in "
                f"{self._folder.path}; ask for fewer, filter less, or allow more attempts (max_attempts)"
            )

    def _hold(self, notes: dict[int, Note]) -> None:
        self._notes = notes
        self._rows = sum(note.rows for note in notes.values())
        self._attempts = sum(note.attempts for note in notes.values())

    def _repair(self) -> None:
        """Forget damaged shards, and shortened shards if more molecules are wanted now."""
        notes = self._folder.notes()
        more, last = self._wanted > sum(note.rows for note in notes.values()), max(notes, default=0)
        sound = {
            number: note
            for number, note in notes.items()
            if self._folder.damaged(note, thorough=True) is None and not (note.cut and (more or number != last))
        }
        self._hold(sound)
        self._folder.write_notes(self._notes.values())

    def _make_shards(self) -> None:
        for note in self._engine.map(make_shard, self._missing()):
            self._folder.add_note(note)
            self._notes[note.shard] = note
            self._rows, self._attempts = self._rows + note.rows, self._attempts + note.attempts
            self._progress(min(self._rows, self._wanted), self._pace())

    def _missing(self) -> Iterator[tuple[str, int]]:
        """Shards to make, in order, until those made and under way are likely to be enough."""
        before, begun, last = len(self._notes), 0, max(self._notes, default=-1)
        for number in range(self._shards):
            if number in self._notes:
                continue
            made = len(self._notes)
            under_way = begun - (made - before)
            if made and self._rows * (1 + under_way / made) >= self._aim() and number > last:
                return
            begun += 1
            yield str(self._folder.path.resolve()), number

    def _aim(self) -> float:
        """Rows expected to be needed before duplicates are dropped."""
        missing = max(self._wanted - self._clean, 0)
        return self._clean + missing / (1 - min(self._repeated, _MOST_DROPPED))

    def _deduplicate(self) -> None:
        before = self._rows
        self._hold(deduplicate(self._folder, self._engine, dict(sorted(self._notes.items()))))
        self._repeated = (before - self._rows) / max(before - self._clean, 1)
        self._clean = self._rows

    def _cut(self) -> None:
        """Leave out what comes after the last molecule that is wanted."""
        kept, rows = [], 0
        for note in self._notes.values():
            if rows >= self._wanted:
                break
            if rows + note.rows > self._wanted:
                note = drop(str(self._folder.path.resolve()), note, {}, self._wanted - rows)
                self._folder.add_note(note)
            rows += note.rows
            kept.append(note)
        self._folder.write_notes(kept)
        self._hold({note.shard: note for note in kept})

    def _pace(self) -> str:
        start, rows = self._begun
        rate = (self._rows - rows) / max(time.perf_counter() - start, 1e-9)
        return f"{rate:,.0f} molecules/s, {self._rows / max(self._attempts, 1):.1%} of attempts"
