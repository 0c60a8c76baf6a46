"""Files of molecules that a user has."""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Iterator
from pathlib import Path

from molgen.datasets.encoding import Record
from molgen.datasets.reading import Reading, strict_molecules
from molgen.errors import LeftOutWarning
from molgen.io import read_rows
from molgen.io.files import unit_of


def known_molecules(path: Path, jobs: int | None = None, found: Reading | None = None) -> Iterator[str]:
    """Canonical SMILES without stereo of the molecules of a file that can be read, one by one.

    Args:
        path: of a file that `molgen.io.read_rows` reads.
        jobs: worker processes.
        found: to which records are counted; empty.

    Raises:
        UsageError: there is no such file, or it has no column of SMILES.
        MolgenError: it cannot be read, or nothing in it can be used.

    Warns:
        LeftOutWarning: at the end, of records that cannot be used.

    Example:
        >>> import tempfile
        >>> file = Path(tempfile.mkdtemp()) / "known.smi"
        >>> _ = file.write_text("OCC")
        >>> list(known_molecules(file, jobs=1))
        ['CCO']
    """
    found = Reading(path.name) if found is None else found
    found.unit = unit_of(path)
    records = (Record(row.number, row.smiles, problem=row.problem) for row in read_rows(path))
    yield from usable(records, found, jobs)


def usable(records: Iterable[Record], found: Reading, jobs: int | None = None) -> Iterator[str]:
    """The same of records from anywhere; see `known_molecules`."""
    for molecule in strict_molecules(records, found, jobs=jobs):
        yield molecule.smiles
    for note in found.notes():
        warnings.warn(note, LeftOutWarning, stacklevel=2)
