"""Molecules that occur more than once in a library, found in bounded memory."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from molgen.errors import MolgenError
from molgen.library.database import MEMORY, parquet, quoted, scratch_database

REPEATED, EXCLUDED = "repeated", "excluded"
"""Why a molecule is dropped: it has come before in another shard, or it stands in a file of excluded molecules."""

PARTITION_ROWS = 2_000_000
"""Molecules that are compared at a time."""

_MOST_PARTITIONS = 512

Dropped = dict[str, NDArray[np.int64]]
"""Numbers of attempts by reason."""


def partitions_of(shards: Sequence[Path], excluded: Sequence[Path], rows: int = PARTITION_ROWS) -> int:
    """How many parts of about so many rows there are.

    Raises:
        MolgenError: a file is damaged.
    """
    there = sum(_rows(path, path in excluded) for path in (*shards, *excluded))
    return min(_MOST_PARTITIONS, there // rows + 1)


def _rows(path: Path, excluded: bool) -> int:
    try:
        return int(pq.read_metadata(path).num_rows)
    except (OSError, pa.ArrowException) as error:
        raise damaged(path, error, excluded) from None


def damaged(path: Path, error: Exception, excluded: bool) -> MolgenError:
    """The error of a file that cannot be read, of a shard or of excluded molecules."""
    advice = "put a copy in its place, or build another library" if excluded else "build --resume makes it again"
    return MolgenError(f"{path} is damaged: {str(error).splitlines()[0]}; {advice}")


def find_duplicates(
    shards: Sequence[Path],
    excluded: Sequence[Path] = (),
    scratch: Path | None = None,
    threads: int = 1,
    memory: str = MEMORY,
    rows: int = PARTITION_ROWS,
) -> Dropped:
    """Attempts whose molecule has come before. The first attempt by number stays, so the order of work does not matter.

    Molecules are divided by a hash of their SMILES into parts on disk, and one part is compared at a time, by the
    whole SMILES: memory does not grow with the number of molecules, but by 8 bytes for each that is dropped.

    Args:
        shards: files with the columns ``smiles`` and ``attempt``.
        excluded: files with a column ``smiles``, of molecules that no attempt may have.
        scratch: folder for the parts, which go away.
        threads: of the database.
        memory: of the database.
        rows: that are compared at a time.

    Raises:
        MolgenError: the disk is full, or a file is damaged.
    """
    found: dict[str, list[NDArray[np.int64]]] = {REPEATED: [], EXCLUDED: []}
    if shards:
        for attempts, first in _repeats(
            shards, excluded, scratch, threads, memory, partitions_of(shards, excluded, rows)
        ):
            found[REPEATED].append(attempts[first >= 0])
            found[EXCLUDED].append(attempts[first < 0])
    return {name: np.sort(np.concatenate([np.empty(0, np.int64), *parts])) for name, parts in found.items()}


def _repeats(
    shards: Sequence[Path], excluded: Sequence[Path], scratch: Path | None, threads: int, memory: str, parts: int
) -> Iterator[tuple[NDArray[np.int64], NDArray[np.int64]]]:
    """Of each part: attempts with a molecule that has come before, and the first attempts with it, -1 for excluded."""
    keys = f"SELECT smiles, attempt FROM {parquet(shards)}"
    if excluded:
        keys += f" UNION ALL SELECT smiles, -1 AS attempt FROM {parquet(excluded)}"
    with scratch_database(scratch, memory, threads) as (folder, database):
        database.execute("SET preserve_insertion_order = false")  # which would hold rows back
        database.execute("SET partitioned_write_max_open_files = 1000")
        divided = f"SELECT *, CAST(hash(smiles) % {parts} AS INTEGER) AS part FROM ({keys})"
        database.execute(f"COPY ({divided}) TO {quoted(folder / 'keys')} (FORMAT parquet, PARTITION_BY (part))")
        for part in range(parts):
            files = sorted((folder / "keys" / f"part={part}").glob("*.parquet"))
            if not files:
                continue
            rows = parquet(files)
            several = f"SELECT smiles, min(attempt) AS first FROM {rows} GROUP BY smiles HAVING count(*) > 1"
            later = f"SELECT attempt, first FROM {rows} JOIN ({several}) USING (smiles) WHERE attempt > first"
            columns = database.execute(later).fetchnumpy()
            yield np.asarray(columns["attempt"], np.int64), np.asarray(columns["first"], np.int64)
