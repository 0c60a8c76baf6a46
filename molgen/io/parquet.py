"""Parquet tables."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import IO, Any

from molgen.errors import MolgenError
from molgen.io.columns import choose_column
from molgen.io.row import Row
from molgen.io.streams import open_bytes
from molgen.io.table import ordered


def read(path: Path, column: str | None = None, values: bool = False) -> Iterator[Row]:
    """The values of one column; what is no text counts as empty. With `values` those of the others too.

    Raises:
        UsageError: there is no such column.
        MolgenError: not a Parquet file.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        with open_bytes(path) as stream, tempfile.TemporaryFile() as unpacked:
            if path.name.lower().endswith(".gz"):  # Parquet is read from its end
                shutil.copyfileobj(stream, unpacked)
                stream = unpacked
            table = pq.ParquetFile(stream)
            names = table.schema_arrow.names
            position = choose_column(path.name, names, column)
            number = 0
            for batch in table.iter_batches(batch_size=8192, columns=None if values else [names[position]]):
                records = batch.to_pylist() if values else [{}] * batch.num_rows
                for value, record in zip(batch.column(position if values else 0).to_pylist(), records, strict=True):
                    number += 1
                    yield Row(number, value if isinstance(value, str) else "", values=_texts(record))
    except (pa.ArrowException, ValueError, TypeError) as error:
        raise MolgenError(f"cannot read {path}: {str(error).splitlines()[0]}") from None


def _texts(record: Mapping[str, object]) -> dict[str, str]:
    return {name: "" if value is None else str(value) for name, value in record.items()}


class Writer:
    """Writes the column ``smiles`` and the others. Their types are those of the first part.

    Args:
        stream: to write to.
    """

    def __init__(self, stream: IO[bytes]) -> None:
        self._stream = stream
        self._writer: Any = None

    def write(self, smiles: Sequence[str], columns: Mapping[str, Sequence[object]]) -> None:
        """Write some rows."""
        import pyarrow as pa
        import pyarrow.parquet as pq

        table = pa.table(dict(ordered(pa.array(smiles, pa.string()), columns)))
        if self._writer is None:  # a column without any value yet can take what comes as text
            fields = [one.with_type(pa.string()) if pa.types.is_null(one.type) else one for one in table.schema]
            self._writer = pq.ParquetWriter(self._stream, pa.schema(fields), compression="zstd")
        self._writer.write_table(table.cast(self._writer.schema))

    def close(self) -> None:
        """Write the end of the file."""
        if self._writer is not None:
            self._writer.close()
