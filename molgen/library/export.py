"""Answers to queries, written batch by batch."""

from __future__ import annotations

from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from typing import IO, Any

import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet as pq

from molgen.errors import UsageError
from molgen.io import check_output, write_molecules
from molgen.library.query import Rows
from molgen.system.files import check_writable, whole_file

_STREAMED = (".csv", ".parquet")


def check_export(path: Path, overwrite: bool) -> None:
    """Refuse an output before the query is asked.

    Raises:
        UsageError: an unknown suffix, a missing folder, or a file that may not be overwritten.
    """
    if path.suffix.lower() in _STREAMED:
        check_writable(path, overwrite)
    else:
        check_output(path, overwrite)


def write_csv(rows: Rows, stream: IO[bytes]) -> None:
    """Write the rows as comma-separated values.

    Raises:
        UsageError: a column of lists or of others that CSV cannot hold.
    """
    _check_types(rows.schema, pa.csv.CSVWriter, ".csv")
    with pa.csv.CSVWriter(stream, rows.schema) as writer:
        for batch in rows:
            writer.write_batch(batch)


def export(rows: Rows, path: Path, overwrite: bool) -> None:
    """Write the rows to a file, whole or not at all.

    ``.csv`` and ``.parquet`` take any number of rows and columns in bounded memory. Other formats need the column
    ``smiles`` and hold all rows in memory.

    Raises:
        UsageError: see `check_export`, there is no column ``smiles``, or a column that the format cannot hold.
        MolgenError: it cannot be written.
    """
    check_export(path, overwrite)
    if path.suffix.lower() == ".csv":
        with whole_file(path, overwrite) as temporary, temporary.open("wb") as stream:
            write_csv(rows, stream)
    elif path.suffix.lower() == ".parquet":
        _check_types(rows.schema, pq.ParquetWriter, ".parquet")
        with (
            whole_file(path, overwrite) as temporary,
            pq.ParquetWriter(temporary, rows.schema, compression="zstd") as writer,
        ):
            for batch in rows:
                writer.write_batch(batch)
    else:
        export_table(rows.table(), path, overwrite)


def _check_types(schema: pa.Schema, writer: Callable[[BytesIO, pa.Schema], Any], suffix: str) -> None:
    """Refuse a column that a format cannot hold, which its writer says of a row without a value too."""
    for field in schema:
        alone = pa.schema([field])
        try:
            with writer(BytesIO(), alone) as trial:
                trial.write_table(pa.table([pa.nulls(1, field.type)], schema=alone))
        except pa.ArrowException:
            other = "a .parquet, or " if suffix == ".csv" and pa.types.is_nested(field.type) else ""
            raise UsageError(
                f"the column {field.name!r} holds {field.type}, which a {suffix} cannot: "
                f"write {other}text of it, CAST(... AS VARCHAR)"
            ) from None


def export_table(table: pa.Table, path: Path, overwrite: bool) -> None:
    """Write rows that are in memory to a file of molecules.

    Raises:
        UsageError: see `check_export`, or there is no column ``smiles``.
        MolgenError: it cannot be written.
    """
    columns = table.to_pydict()
    if "smiles" not in columns:
        raise UsageError(f"{path.name} needs the column smiles: select it, or write a .csv")
    write_molecules(path, columns.pop("smiles"), overwrite, columns)
