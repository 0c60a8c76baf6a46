"""Molecules that a library may not have."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from molgen.chem.strict import strict_from_smiles
from molgen.errors import UsageError
from molgen.io import read_smiles
from molgen.library.manifest import EXCLUDED, Folder
from molgen.system.files import whole_file
from molgen.system.workers import isolated_map

_CHUNK = 100_000
_SCHEMA = pa.schema([("smiles", pa.string())])


def check_excluded(sources: Sequence[str | Path]) -> None:
    """Refuse what is neither a file of molecules nor a library.

    Raises:
        UsageError: so it is.
    """
    for source in map(Path, sources):
        if not source.is_file() and not Folder(source).exists:
            raise UsageError(f"{source} is neither a file of molecules nor a library")


def write_excluded(folder: Folder, sources: Sequence[str | Path], jobs: int | None = None) -> dict[str, int]:
    """Copy the molecules of files and libraries into a library, as canonical SMILES without stereo.

    Args:
        folder: of the library.
        sources: files of molecules, and libraries.
        jobs: processes.

    Returns:
        The number of molecules of each source that can be read.

    Raises:
        UsageError: a source is neither.
        MolgenError: one cannot be read.
    """
    check_excluded(sources)
    (folder.path / EXCLUDED).mkdir(exist_ok=True)
    found = {}
    for number, source in enumerate(map(Path, sources)):
        smiles = _of_library(Folder(source)) if source.is_dir() else _of_file(source, jobs)
        found[str(source)] = _write(folder.path / EXCLUDED / f"{number:04d}.parquet", smiles)
    return found


def _of_library(library: Folder) -> Iterator[str]:
    library.manifest()
    for number in library.check():
        yield from pq.read_table(library.shard(number), columns=["smiles"])["smiles"].to_pylist()


def _of_file(path: Path, jobs: int | None) -> Iterator[str]:
    texts = (text for _, text in read_smiles(path))
    return (smiles for smiles in isolated_map(strict_from_smiles, texts, jobs=jobs) if isinstance(smiles, str))


def _write(path: Path, smiles: Iterator[str]) -> int:
    count = 0
    with whole_file(path) as temporary, pq.ParquetWriter(temporary, _SCHEMA, compression="zstd") as writer:
        while chunk := list(islice(smiles, _CHUNK)):
            writer.write_table(pa.table({"smiles": chunk}, _SCHEMA))
            count += len(chunk)
    return count
