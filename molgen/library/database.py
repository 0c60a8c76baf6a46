"""DuckDB with nothing but what it is given: no files, no network, no extensions, bounded memory."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import duckdb

from molgen.errors import MolgenError
from molgen.system.files import passing_folder

MEMORY = "256MB"
"""Of a connection; what needs more goes through files beside it."""

_SAFE = {
    "autoinstall_known_extensions": "false",
    "autoload_known_extensions": "false",
    "allow_community_extensions": "false",
}


@contextmanager
def scratch_database(
    folder: Path | None = None, memory: str = MEMORY, threads: int = 1
) -> Iterator[tuple[Path, duckdb.DuckDBPyConnection]]:
    """A database in memory that puts what is too large for it into a scratch folder, which goes away.

    Args:
        folder: in which the scratch folder is made; by default the system's.
        memory: that it may use.
        threads: likewise.

    Raises:
        MolgenError: the disk is full, or another failure of the database.
    """
    with ExitStack() as stack:
        try:
            scratch = stack.enter_context(passing_folder(folder, ".scratch"))
        except OSError as error:
            raise MolgenError(f"cannot write {folder or tempfile.gettempdir()}: {error.strerror or error}") from None
        settings = {**_SAFE, "memory_limit": memory, "threads": threads, "temp_directory": f"{scratch}/spilled"}
        try:
            with duckdb.connect(":memory:", config=settings) as connection:
                yield scratch, connection
        except duckdb.Error as error:
            raise MolgenError(f"the database failed: {first_line(error)}") from None


def closed_connection() -> duckdb.DuckDBPyConnection:
    """A database in memory that reaches no file at all."""
    connection = duckdb.connect(":memory:", config={**_SAFE, "threads": 1, "enable_external_access": "false"})
    connection.execute("SET lock_configuration = true")
    return connection


def quoted(text: object) -> str:
    """A text as SQL writes it.

    Example:
        >>> quoted("it's")
        "'it''s'"
    """
    return "'" + str(text).replace("'", "''") + "'"


def parquet(paths: Iterable[Path]) -> str:
    """Parquet files as a table of SQL, with the columns that stand in them: none come from names of folders.

    Example:
        >>> parquet([Path("QED=1/a.parquet")])
        "read_parquet(['QED=1/a.parquet'], hive_partitioning = false)"
    """
    return f"read_parquet([{', '.join(map(quoted, paths))}], hive_partitioning = false)"


def first_line(error: Exception) -> str:
    """A message of the database in one line, without the name of its class."""
    text = (str(error).strip().splitlines() or [type(error).__name__])[0]
    head, _, rest = text.partition(": ")
    return rest if head.endswith("Error") and rest else text
