"""One shard: attempts of a range of numbers, drawn, kept or not, annotated, filtered and written."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from molgen.errors import MolgenError
from molgen.evaluation.similarity import nearest_similarity
from molgen.features.fingerprints import MOSES_BITS, morgan
from molgen.features.record import MoleculeRecord
from molgen.library.columns import CONDITIONS, NEAREST, annotated, table_of
from molgen.library.duplicates import REPEATED
from molgen.library.manifest import Folder, Note
from molgen.library.row_filter import RowFilter
from molgen.library.settings import Settings
from molgen.models.generator import Generator
from molgen.models.request import Request
from molgen.models.results import Generated
from molgen.system.files import sha256, whole_file

NEAREST_FILE = "nearest.npy"
"""Fingerprints of the training set, ``(n, words)``, which processes share."""

NOT_AS_ASKED, NOT_NEEDED = "not_as_asked", "not_needed"
"""Why a molecule is left out: it lacks something that the model was asked for; there were enough before it."""

_DECIMALS = 4


class Maker:
    """Makes the shards of a library, any of them, in any order.

    Args:
        folder: of the library.
        settings: of it.
        request: what its model is asked for.
    """

    def __init__(self, folder: Folder, settings: Settings, request: Request) -> None:
        self.folder, self.settings, self.request = folder, settings, request
        self._filter = None if settings.filter is None else RowFilter.of(settings.filter, settings.schema)
        self._trained: NDArray[np.uint64] | None = None
        if settings.nearest is not None:
            self._trained = _trained(folder.path / NEAREST_FILE)

    def make(self, number: int) -> Note:
        """Write a shard, whole, and say what is in it.

        Raises:
            MolgenError: it cannot be written.
        """
        start, cpu = time.perf_counter(), time.process_time()
        attempts = self.settings.attempts(number)
        drawn = self.request.draw(attempts)
        sieve = self.request.sieve(len(attempts))
        kept = [(i, attempt.smiles) for i, attempt in zip(attempts, drawn, strict=True) if sieve.add_one(attempt)]
        table = self._table([annotated(i, smiles) for i, smiles in kept if smiles is not None])
        counts = _counts(sieve)
        if self._filter is not None:
            before = len(table)
            table = self._filter.kept(table)
            counts["filtered"] = before - len(table)
        file = self.folder.shard(number)
        write(file, table)
        return Note(
            shard=number,
            first=attempts.start,
            attempts=len(attempts),
            rows=len(table),
            counts=dict(counts),
            calls=sieve.total_calls,
            seconds=round(time.perf_counter() - start, 3),
            cpu_seconds=round(time.process_time() - cpu, 3),
            bytes=file.stat().st_size,
            sha256=sha256(file),
        )

    def _table(self, rows: list[dict[str, Any]]) -> pa.Table:
        if self._trained is not None and rows:
            prints = b"".join(morgan(MoleculeRecord(row["smiles"]), MOSES_BITS) for row in rows)
            queries = np.frombuffer(prints, dtype=np.uint64).reshape(len(rows), -1)
            for row, value in zip(rows, nearest_similarity(queries, self._trained), strict=True):
                row[NEAREST] = round(float(value), _DECIMALS)
        if self.settings.asked:
            for row in rows:
                row[CONDITIONS] = self.settings.asked
        return table_of(rows, self.settings.schema)


def _trained(file: Path) -> NDArray[np.uint64]:
    try:
        found: NDArray[np.uint64] = np.load(file, mmap_mode="r", allow_pickle=False)
    except (OSError, EOFError, ValueError) as error:
        text = str(error).splitlines()[0]
        raise MolgenError(f"{file} is damaged: {text}; put a copy in its place, or build another library") from None
    return found


def _counts(sieve: Generated) -> Counter[str]:
    """What became of the attempts, without those that are kept."""
    counts = Counter(sieve.counts())
    counts[REPEATED] = counts["valid"] - counts.pop("unique")
    del counts["requested"], counts["kept"]
    if sieve.conditions is not None:  # of which one molecule can fail several
        filters = () if sieve.filters is None else sieve.filters.reasons
        others = sieve.implausible + sieve.unknown_rings + sum(sieve.failed.get(reason, 0) for reason in filters)
        counts[NOT_AS_ASKED] = sieve.unique - others - sieve.kept
    return counts


def make_shard(folder: str, number: int) -> Note:
    """Make a shard, in a process that may have made others and keeps the model.

    Args:
        folder: of a library.
        number: of the shard.
    """
    settings = Folder(folder).manifest().settings
    assert settings is not None  # only libraries that are built have shards to make
    return _maker(folder, settings.model_dump_json(), _version(Path(folder) / NEAREST_FILE)).make(number)


def _version(file: Path) -> tuple[int, ...] | None:
    """What differs when a file has been replaced by another, None where there is none.

    A maker has the file open, so that no other file gets its inode meanwhile.
    """
    if not file.is_file():
        return None
    found = file.stat()
    return found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns


@lru_cache(maxsize=1)
def _maker(folder: str, settings: str, nearest: tuple[int, ...] | None) -> Maker:
    """The maker of a library with these settings and this version of `NEAREST_FILE`."""
    made = Settings.model_validate_json(settings)
    return Maker(Folder(folder), made, open_request(made))


def open_request(settings: Settings) -> Request:
    """What the model of a library is asked for.

    Raises:
        MolgenError: the model is not there, is not the one that the library was begun with, or cannot be asked for it.
    """
    generator = Generator.from_pretrained(settings.model)
    if generator.weights_sha256 != settings.weights_sha256:
        raise MolgenError(f"the library was begun with other weights of {settings.model}; begin another one")
    try:
        generator = generator.to(settings.device)
    except (RuntimeError, AssertionError) as error:
        raise MolgenError(f"cannot use the device {settings.device!r}: {str(error).splitlines()[0]}") from None
    return generator.request(**settings.request())


def write(path: Path, table: pa.Table) -> None:
    """Write a shard whole. The same rows give the same bytes.

    Raises:
        MolgenError: it cannot be written.
    """
    with whole_file(path) as temporary:
        pq.write_table(table.combine_chunks(), temporary, compression="zstd", write_page_checksum=True)


def read(folder: Folder, number: int, columns: Sequence[str] | None = None) -> pa.Table:
    """All rows of a shard.

    Args:
        folder: of the library.
        number: of the shard.
        columns: to read; by default all.

    Raises:
        MolgenError: it is damaged.
    """
    with _damage_said(folder, number) as file:
        return pq.read_table(file, columns=columns, page_checksum_verification=True, partitioning=None)


def schema_of(folder: Folder, number: int) -> pa.Schema:
    """Columns of a shard with their types.

    Raises:
        MolgenError: it is damaged.
    """
    with _damage_said(folder, number) as file:
        return pq.read_schema(file)


@contextmanager
def _damage_said(folder: Folder, number: int) -> Iterator[Path]:
    file = folder.shard(number)
    try:
        yield file
    except (OSError, pa.ArrowException) as error:
        raise MolgenError(f"{file} is damaged: {str(error).splitlines()[0]}; {folder.mending}") from None


def drop(folder: str, note: Note, dropped: dict[str, NDArray[np.int64]], keep: int | None = None) -> Note:
    """Write a shard again without some of its rows.

    Args:
        folder: of the library.
        note: of the shard.
        dropped: numbers of attempts to leave out, by the name under which they are counted.
        keep: rows to keep at most, the first; the others are counted as not needed.

    Returns:
        The note of the new file.
    """
    file = Folder(folder).shard(note.shard)
    table = read(Folder(folder), note.shard)
    numbers = table["attempt"].to_numpy()
    gone = np.isin(numbers, np.concatenate([np.empty(0, np.int64), *dropped.values()]))
    counts = Counter(note.counts)
    for name, attempts in dropped.items():
        counts[name] += int(np.isin(numbers, attempts).sum())
    table = table.filter(pa.array(~gone))
    cut = keep is not None and keep < len(table)
    if keep is not None and cut:
        counts[NOT_NEEDED] += len(table) - keep
        table = table.slice(0, keep)
    write(file, table)
    return note.of_file(file, rows=len(table), counts=dict(counts), cut=note.cut or cut)
