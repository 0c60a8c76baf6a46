"""Questions in SQL about a library. Nothing is written, and nothing outside the library is read."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import duckdb
import pyarrow as pa

from molgen.errors import UsageError
from molgen.library.database import MEMORY, first_line, parquet, quoted, scratch_database
from molgen.library.manifest import SHARDS, Folder

BATCH = 10_000
"""Rows that are read together."""


class Rows:
    """Rows of an answer, batch by batch, so that any number can be written in bounded memory.

    Args:
        folder: of the library.
        reader: that the database gives.
    """

    def __init__(self, folder: Folder, reader: pa.RecordBatchReader) -> None:
        self._folder, self._reader = folder, reader
        self.schema: pa.Schema = reader.schema

    def __iter__(self) -> Iterator[pa.RecordBatch]:
        try:
            yield from self._reader
        except (duckdb.Error, pa.ArrowException, OSError) as error:
            raise _refused(self._folder, error) from None

    def table(self) -> pa.Table:
        """All of them."""
        return pa.Table.from_batches(self, self.schema)


@contextmanager
def answer(folder: Folder, sql: str, threads: int = 2) -> Iterator[Rows]:
    """The rows of a query.

    Args:
        folder: of the library, which is the table ``molecules``.
        sql: one SELECT.
        threads: of the database.

    Raises:
        UsageError: not one SELECT, or one that the database refuses.
        MolgenError: the library is damaged.
    """
    notes = folder.check()
    with scratch_database(memory=MEMORY, threads=threads) as (_, database):
        shards = folder.path.resolve() / SHARDS
        database.execute(f"SET allowed_directories = [{quoted(f'{shards}/')}]")
        database.execute("SET enable_external_access = false")
        database.execute("SET lock_configuration = true")
        files = [shards / folder.shard(number).name for number, note in notes.items() if note.rows]
        files = files or [shards / folder.shard(number).name for number in notes]
        if not files:
            raise UsageError(f"{folder.path} has no molecules yet")
        try:
            database.execute(f"CREATE VIEW molecules AS SELECT * FROM {parquet(files)}")
            _check_reads(database, sql)
            rows = Rows(folder, database.sql(sql).to_arrow_reader(BATCH))
        except (duckdb.Error, pa.ArrowException, OSError) as error:
            raise _refused(folder, error) from None
        yield rows


def _refused(folder: Folder, error: Exception) -> UsageError:
    """The error of a query that cannot be answered, unless a file is damaged."""
    folder.check(thorough=True)
    return UsageError(f"the query cannot be answered: {first_line(error)}")


def _check_reads(database: duckdb.DuckDBPyConnection, sql: str) -> None:
    try:
        statements = database.extract_statements(sql)
    except duckdb.Error as error:
        raise UsageError(f"the query cannot be read: {first_line(error)}") from None
    if len(statements) != 1 or statements[0].type != duckdb.StatementType.SELECT:
        raise UsageError("a query is one SELECT: a library is read and never written by queries")
