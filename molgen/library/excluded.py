"""Molecules that a library may not have."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from molgen.datasets.known import known_molecules
from molgen.datasets.reading import Reading
from molgen.errors import UsageError
from molgen.library.manifest import EXCLUDED, Folder
from molgen.library.shard import read
from molgen.system.files import whole_file

_CHUNK = 100_000
_SCHEMA = pa.schema([("smiles", pa.string())])


def check_excluded(sources: Sequence[str | Path]) -> None:
    """Refuse what is neither a file of molecules nor a library.

    Raises:
        UsageError: a source is neither.
    """
    for source in map(Path, sources):
        if not source.is_file() and not Folder(source).exists:
            raise UsageError(f"{source} is neither a file of molecules nor a library")


def write_excluded(
    folder: Folder, sources: Sequence[str | Path], jobs: int | None = None
) -> tuple[dict[str, int], dict[str, dict[str, int]]]:
    """Copy the molecules of files and libraries into a library, as canonical SMILES without stereo.

    Args:
        folder: of the library.
        sources: files of molecules, and libraries.
        jobs: processes.

    Returns:
        The number of molecules of each source; and of each file of which some cannot be used, how many by reason.

    Raises:
        UsageError: a source is neither.
        MolgenError: one cannot be read, or has no molecule that can be used.

    Warns:
        LeftOutWarning: of molecules that cannot be used.
    """
    check_excluded(sources)
    (folder.path / EXCLUDED).mkdir(exist_ok=True)
    found, left_out = dict[str, int](), dict[str, dict[str, int]]()
    for number, source in enumerate(map(Path, sources)):
        reading = Reading(source.name)
        smiles = _of_library(Folder(source)) if source.is_dir() else known_molecules(source, jobs, reading)
        found[str(source)] = _write(folder.path / EXCLUDED / f"{number:04d}.parquet", smiles)
        if reading.skipped:
            left_out[str(source)] = reading.skipped
    return found, left_out


def _of_library(library: Folder) -> Iterator[str]:
    library.manifest()
    for number in library.check():
        yield from read(library, number, ["smiles"])["smiles"].to_pylist()


def _write(path: Path, smiles: Iterator[str]) -> int:
    count = 0
    with whole_file(path) as temporary, pq.ParquetWriter(temporary, _SCHEMA, compression="zstd") as writer:
        while chunk := list(islice(smiles, _CHUNK)):
            writer.write_table(pa.table({"smiles": chunk}, _SCHEMA))
            count += len(chunk)
    return count
