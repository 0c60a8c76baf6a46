"""A file as one set of reference molecules, read as attempts are."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from rdkit import __version__ as rdkit_version

from molgen.datasets.reading import Reading, strict_molecules
from molgen.datasets.sources import Source, find_source
from molgen.system.files import cache_root, whole_file


@dataclass
class ReferenceFile(Reading):
    """Molecules of a file, and what was not used of it.

    Attributes:
        smiles: canonical, without stereo, all different, in the order of the file.
        duplicates: of those read, molecules seen before.
        desalted: molecules of which one component was kept.
    """

    smiles: list[str] = field(default_factory=list)
    duplicates: int = 0
    desalted: int = 0

    def notes(self) -> list[str]:
        """What a reader of the metrics has to know: what was left out and why."""
        found = [f"reference {note}" for note in super().notes()]
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
    for molecule in strict_molecules(source.records(), found, salts=salts, jobs=jobs, progress=progress):
        found.duplicates += molecule.smiles in seen
        found.desalted += molecule.desalted
        seen[molecule.smiles] = None
    found.smiles = list(seen)
    return found
