"""What is written beside the shards: how the library is made, and what each finished shard holds and cost."""

from __future__ import annotations

import json
import time
from collections import Counter
from collections.abc import Iterable
from contextlib import AbstractContextManager, nullcontext
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout
from pydantic import BaseModel, ConfigDict, ValidationError

from molgen.errors import MolgenError, UsageError
from molgen.library.settings import Settings
from molgen.models.directory import short
from molgen.system.files import sha256, whole_file
from molgen.system.locks import held

FORMAT, VERSION = "molgen library", 1
MANIFEST_FILE, NOTES_FILE, SHARDS, EXCLUDED, LOCK_FILE = "manifest.json", "shards.jsonl", "shards", "excluded", ".lock"

_PATIENCE, _PAUSE = 2.0, 0.1
"""Seconds that a reader waits for the note of a shard that was written, and between two looks."""


class Source(BaseModel):
    """A library that went into a merged one.

    Attributes:
        name: of its folder.
        offset: added to its numbers of attempts.
        manifest: of it, as it was.
    """

    model_config = ConfigDict(extra="forbid")

    name: str
    offset: int
    manifest: dict[str, Any]


class Manifest(BaseModel):
    """Contents of ``manifest.json``.

    Attributes:
        format: ``molgen library``.
        version: of the format.
        settings: how molecules are made; None of a merged library.
        sources: of a merged library.
        requested: molecules to keep.
        finished: whether there are so many, all different.
        excluded: files whose molecules are left out, with the number of molecules in each.
        unusable: of those files, with the number of records that cannot be used, by reason.
        versions: of the packages that made it.
        created: day and time, UTC.
    """

    model_config = ConfigDict(extra="forbid")

    format: str = FORMAT
    version: int = VERSION
    settings: Settings | None
    sources: list[Source] = []
    requested: int
    finished: bool = False
    excluded: dict[str, int] = {}
    unusable: dict[str, dict[str, int]] = {}
    versions: dict[str, str]
    created: str


class Note(BaseModel):
    """What is noted of a finished shard, a line of ``shards.jsonl``; a later line of a shard replaces an earlier one.

    Attributes:
        shard: its number.
        first: number of its first attempt.
        attempts: that it has been made of.
        rows: molecules in its file.
        counts: what became of the attempts, by name.
        calls: network calls.
        seconds: on the clock.
        cpu_seconds: of processors.
        bytes: of its file.
        sha256: of its file.
        cut: whether rows were left out because there were enough molecules.
    """

    model_config = ConfigDict(extra="forbid")

    shard: int
    first: int
    attempts: int
    rows: int
    counts: dict[str, int]
    calls: int
    seconds: float
    cpu_seconds: float
    bytes: int
    sha256: str
    cut: bool = False

    def of_file(self, path: Path, **changes: Any) -> Note:
        """The same of a file that was written again."""
        return self.model_copy(update={"bytes": path.stat().st_size, "sha256": sha256(path), **changes})


class Folder:
    """The files of a library.

    Args:
        path: of its folder.
    """

    def __init__(self, path: str | Path) -> None:
        self.path = Path(path)

    @property
    def exists(self) -> bool:
        """Whether there is a library."""
        return (self.path / MANIFEST_FILE).is_file()

    def shard(self, number: int) -> Path:
        """The file of a shard."""
        return self.path / SHARDS / f"{number:08d}.parquet"

    @property
    def excluded(self) -> list[Path]:
        """Files of molecules that are left out."""
        return sorted((self.path / EXCLUDED).glob("*.parquet"))

    @property
    def mending(self) -> str:
        """What makes a damaged shard again, as the end of a message."""
        if not self.exists or self.manifest().settings is None:  # being merged, or merged
            return f"merge the libraries again that {self.path} is made of"
        return f"molgen library build {self.path} --resume makes its file again"

    def manifest(self) -> Manifest:
        """Its manifest.

        Raises:
            UsageError: it is not a library.
            MolgenError: the manifest is damaged, or of another version.
        """
        file = self.path / MANIFEST_FILE
        if not file.is_file():
            if self.path.is_file():
                raise UsageError(f"{self.path} is a file, not the folder of a library")
            what = "is not a library: it has no manifest.json" if self.path.is_dir() else "does not exist"
            raise UsageError(f"{self.path} {what}; molgen library build makes one")
        try:
            raw = json.loads(file.read_text(encoding="utf-8"))
            if not isinstance(raw, dict) or raw.get("format") != FORMAT:
                raise UsageError(f"{self.path} is not a library: its manifest.json is of something else")
            if raw.get("version") != VERSION:
                raise MolgenError(
                    f"{self.path} has format version {raw.get('version')}; this molgen reads {VERSION}: upgrade one"
                )
            return Manifest.model_validate(raw)
        except (OSError, ValueError, ValidationError) as error:
            raise MolgenError(
                f"{file} is damaged: {short(error)}; put a copy in its place, or build another library"
            ) from None

    def write_manifest(self, manifest: Manifest) -> None:
        """Write its manifest, whole."""
        with whole_file(self.path / MANIFEST_FILE) as temporary:
            temporary.write_text(manifest.model_dump_json(indent=1) + "\n")

    def notes(self) -> dict[int, Note]:
        """The notes of finished shards by number, in order. A last line that was not finished counts for nothing.

        Raises:
            MolgenError: they are damaged.
        """
        file = self.path / NOTES_FILE
        try:
            text = file.read_bytes() if file.is_file() else b""
        except OSError as error:
            raise MolgenError(f"cannot read {file}: {error.strerror or error}") from None
        found: dict[int, Note] = {}
        for number, line in enumerate(text.split(b"\n")[:-1], start=1):
            try:
                note = Note.model_validate_json(line)
            except ValidationError as error:
                raise MolgenError(
                    f"{file}, line {number}, is damaged: {short(error)}; remove the line, and {self.mending}"
                ) from None
            found[note.shard] = note
        return dict(sorted(found.items()))

    def add_note(self, note: Note) -> None:
        """Note a finished shard.

        Raises:
            MolgenError: it cannot be written.
        """
        try:
            with (self.path / NOTES_FILE).open("a", encoding="utf-8") as stream:
                stream.write(note.model_dump_json() + "\n")
        except OSError as error:
            raise MolgenError(f"cannot write {self.path / NOTES_FILE}: {error.strerror or error}") from None

    def write_notes(self, notes: Iterable[Note]) -> None:
        """Write all notes anew, and remove the files of shards that have none."""
        kept = sorted(notes, key=lambda note: note.shard)
        with whole_file(self.path / NOTES_FILE) as temporary:
            temporary.write_text("".join(note.model_dump_json() + "\n" for note in kept))
        names = {self.shard(note.shard).name for note in kept}
        for file in (self.path / SHARDS).iterdir():
            if file.name not in names:
                file.unlink()

    def damaged(self, note: Note, thorough: bool = False) -> str | None:
        """What is wrong with the file of a shard, None where nothing is.

        Args:
            note: of it.
            thorough: compare its hash, and not its size alone.
        """
        file = self.shard(note.shard)
        if not file.is_file():
            return "is missing"
        if file.stat().st_size != note.bytes or (thorough and sha256(file) != note.sha256):
            return "is damaged"
        return None

    def check(self, thorough: bool = False) -> dict[int, Note]:
        """The notes, once the file of each is there and has its size.

        Args:
            thorough: compare hashes too.

        Raises:
            UsageError: it is not a library.
            MolgenError: a shard is damaged, by its name, or another process is at writing shards.
        """
        self.manifest()
        notes, wrong = self._compared(thorough)
        building, end = True, time.monotonic() + _PATIENCE
        while wrong and building and time.monotonic() < end:  # a builder writes a shard, and then its note
            building = self._is_being_built()
            time.sleep(_PAUSE)
            notes, wrong = self._compared(thorough)
        if wrong and building:
            raise MolgenError(f"{self.path} is being built, and its shards are being written: try again in a moment")
        if wrong:
            file, what = next(iter(wrong.items()))
            others = f", and {len(wrong) - 1} more are" if len(wrong) > 1 else ""
            raise MolgenError(f"{file} {what}{others}; {self.mending}")
        return notes

    def _compared(self, thorough: bool) -> tuple[dict[int, Note], dict[Path, str]]:
        """The notes, and what is wrong with files."""
        notes = self.notes()
        found = ((self.shard(note.shard), self.damaged(note, thorough)) for note in notes.values())
        return notes, {file: what for file, what in found if what is not None}

    def _is_being_built(self) -> bool:
        """Whether a process holds the lock; false where that cannot be found out."""
        file = self.path / LOCK_FILE
        try:
            with FileLock(file, timeout=0) if file.is_file() else nullcontext():
                return False
        except Timeout:
            return True
        except OSError:
            return False

    def lock(self) -> AbstractContextManager[None]:
        """A lock that one builder holds at a time; `MolgenError` where another one does."""
        return held(self.path / LOCK_FILE, f"another process is building {self.path}; wait for it, or stop it")


def now() -> str:
    """Day and time, UTC."""
    return datetime.now(UTC).isoformat(timespec="seconds")


def total(notes: Iterable[Note]) -> Counter[str]:
    """Counts of all shards together."""
    found: Counter[str] = Counter()
    for note in notes:
        found.update(note.counts)
    return found
