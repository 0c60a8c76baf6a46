"""A file as one set of reference molecules, read as attempts are."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from rdkit import __version__ as rdkit_version

from molgen.chem.desalt import desalt
from molgen.chem.standardize import DEFAULT_LIMITS
from molgen.chem.strict import read_strict
from molgen.datasets.encoding import Record, Refusal, counted
from molgen.datasets.sources import Source, find_source
from molgen.errors import MoleculeError, MolgenError
from molgen.system.files import cache_root, whole_file
from molgen.system.workers import Lost, isolated_map


@dataclass
class ReferenceFile:
    """Molecules of a file, and what was not used of it.

    Attributes:
        name: of the file.
        smiles: canonical, without stereo, all different, in the order of the file.
        read: lines or records read.
        duplicates: of them, molecules seen before.
        desalted: molecules of which one component was kept.
        skipped: number of lines by reason.
        first: number and message of the first skipped one, by reason.
        unit: what the numbers count, ``line`` or ``record``.
    """

    name: str
    smiles: list[str] = field(default_factory=list)
    read: int = 0
    duplicates: int = 0
    desalted: int = 0
    skipped: dict[str, int] = field(default_factory=dict)
    first: dict[str, tuple[int, str]] = field(default_factory=dict)
    unit: str = "line"

    def notes(self) -> list[str]:
        """What a reader of the metrics has to know: what was left out and why."""
        found = []
        for reason, count in self.skipped.items():
            line, message = self.first[reason]
            found.append(
                f"reference {self.name}: {count:,} of {self.read:,} left out as {reason}; "
                f"first: {self.unit} {line}, {message}"
            )
        if self.duplicates:
            found.append(f"reference {self.name}: {self.duplicates:,} duplicates, each molecule counts once")
        if self.desalted:
            found.append(f"reference {self.name}: one component kept of {self.desalted:,} salts or mixtures")
        return found


def read_reference(
    data: str | Path | Iterable[Any],
    column: str | None = None,
    *,
    salts: bool = False,
    jobs: int | None = None,
    progress: Callable[[str, int], None] | None = None,
) -> ReferenceFile:
    """Read a file or molecules, or find what was read of them in the user's cache.

    A molecule is used where it is strictly valid, by the same reading as an attempt: no other limit holds.

    Args:
        data: path, or ``-`` for standard input; or molecules, see `molgen.io.smiles_of`.
        column: of a table.
        salts: keep the largest organic component of each record.
        jobs: worker processes.
        progress: called with what is read and the number of lines read so far.

    Raises:
        MolgenError: it cannot be read, or nothing in it can be used.
    """
    source = find_source(data, column)
    key = f"2 {source.fingerprint()} {salts} {rdkit_version}"
    path = cache_root() / "references" / f"{hashlib.sha256(key.encode()).hexdigest()[:32]}.json"
    try:
        return ReferenceFile(**{**json.loads(path.read_text()), "name": source.name})
    except (OSError, ValueError, TypeError):
        found = _read(source, salts, jobs, progress)
    path.parent.mkdir(parents=True, exist_ok=True)
    with whole_file(path) as temporary:
        temporary.write_text(json.dumps(asdict(found)))
    return found


def _read(source: Source, salts: bool, jobs: int | None, progress: Callable[[str, int], None] | None) -> ReferenceFile:
    found, seen = ReferenceFile(source.name, unit=source.unit), dict[str, None]()
    numbers: list[int] = []

    def passing(record: Record) -> Record:
        numbers.append(record.line)
        return record

    outcomes = isolated_map(partial(_one, salts=salts), map(passing, source.records()), jobs=jobs)
    for number, outcome in enumerate(outcomes):
        found.read += 1
        if isinstance(outcome, Lost):
            _skip(found, numbers[number], ("lost", outcome.reason))
        elif isinstance(outcome, _Read):
            found.duplicates += outcome.smiles in seen
            found.desalted += outcome.desalted
            seen[outcome.smiles] = None
        else:
            _skip(found, numbers[number], outcome)
        if progress is not None and found.read % 1000 == 0:
            progress(f"reading {source.name}", found.read)
    if not seen:
        raise MolgenError(
            f"nothing in {source.name} can be used: {found.read:,} read, skipped: {counted(found.skipped)}"
        )
    found.smiles = list(seen)
    return found


@dataclass(frozen=True)
class _Read:
    smiles: str
    desalted: bool


def _one(record: Record, salts: bool) -> _Read | Refusal:
    if record.problem is not None:
        return record.problem
    text = desalt(record.smiles) if salts else record.smiles
    try:
        return _Read(read_strict(text, DEFAULT_LIMITS), text != record.smiles)
    except MoleculeError as error:
        return error.reason, str(error)


def _skip(found: ReferenceFile, line: int, problem: Refusal) -> None:
    reason, message = problem
    found.skipped[reason] = found.skipped.get(reason, 0) + 1
    found.first.setdefault(reason, (line, message))
