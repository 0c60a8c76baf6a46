"""SMILES out of people's files, one at a time, whatever the bytes."""

from __future__ import annotations

import csv
import gzip
import io
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO, cast

from molgen.errors import MolgenError, UsageError

Row = tuple[int, str]
"""Line or record number, counted from 1, and the SMILES found there (possibly nonsense)."""

COLUMN_NAMES = ("smiles", "SMILES", "Smiles", "canonical_smiles")

_MAX_LINE = 1_000_000


def read_smiles(path: Path, column: str | None = None) -> Iterator[Row]:
    """Stream the SMILES of a ``.smi``, ``.txt``, ``.csv``, ``.tsv``, ``.parquet`` or ``.sdf`` file, also gzipped.

    Args:
        path: the suffix decides the format.
        column: of a table; by default the first of `COLUMN_NAMES` it has. For ``.smi`` the first word of each line
            is taken. For ``.sdf``, a property to read instead of the structure.

    Raises:
        UsageError: no such file, an unknown suffix, a missing column.
        MolgenError: an unreadable or empty file.
    """
    reader = _reader(path)
    if not path.is_file():
        raise UsageError(f"there is no file {path}")
    empty = True
    try:
        for row in reader(path, column):
            empty = False
            yield row
    except (OSError, EOFError, zlib.error, UnicodeError, csv.Error) as error:
        raise MolgenError(f"cannot read {path}: {error}") from None
    if empty:
        raise MolgenError(f"{path} holds no molecules")


def format_of(path: Path) -> str:
    """The suffix that decides a file's format, without ``.gz``: ``.smi``, ``.csv`` and so on, in lower case."""
    name = path.name.lower().removesuffix(".gz")
    return Path(name).suffix


def _reader(path: Path) -> Callable[[Path, str | None], Iterator[Row]]:
    suffix = format_of(path)
    if suffix not in _READERS:
        raise UsageError(f"cannot read {path.name}: known formats are {', '.join(_READERS)}, each also with .gz")
    return _READERS[suffix]


def _open(path: Path) -> IO[bytes]:
    if path.name.lower().endswith(".gz"):
        return cast(IO[bytes], gzip.open(path, "rb"))
    return path.open("rb")


def _text(stream: IO[bytes]) -> io.TextIOWrapper:
    """Undecodable bytes become U+FFFD: such a SMILES is then refused by name instead of ending the run."""
    return io.TextIOWrapper(stream, encoding="utf-8-sig", errors="replace", newline=None)


def _read_smi(path: Path, column: str | None) -> Iterator[Row]:
    with _open(path) as stream, _text(stream) as text:
        number = 0
        while line := text.readline(_MAX_LINE):
            number += 1
            words = line.split(maxsplit=1)
            if number == 1 and words and words[0] in COLUMN_NAMES:
                continue
            yield number, words[0] if words else ""


def _read_table(delimiter: str) -> Callable[[Path, str | None], Iterator[Row]]:
    def read(path: Path, column: str | None) -> Iterator[Row]:
        with _open(path) as stream, _text(stream) as text:
            rows = csv.reader((line.replace("\x00", "\ufffd") for line in text), delimiter=delimiter)
            header = next(rows, None)
            if header is None:
                return
            position = header.index(_choose(path, header, column))
            for row in rows:
                yield rows.line_num, row[position] if position < len(row) else ""

    return read


def _read_parquet(path: Path, column: str | None) -> Iterator[Row]:
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        with _open(path) as stream:
            source = pa.BufferReader(stream.read()) if path.name.lower().endswith(".gz") else stream
            table = pq.ParquetFile(source)
            name = _choose(path, table.schema_arrow.names, column)
            number = 0
            for batch in table.iter_batches(batch_size=8192, columns=[name]):
                for value in batch.column(0).to_pylist():
                    number += 1
                    yield number, value if isinstance(value, str) else ""
    except (pa.ArrowException, ValueError, TypeError) as error:
        raise MolgenError(f"cannot read {path}: {str(error).splitlines()[0]}") from None


def _read_sdf(path: Path, column: str | None) -> Iterator[Row]:
    from rdkit import Chem

    with _open(path) as stream:
        for number, mol in enumerate(Chem.ForwardSDMolSupplier(stream), start=1):
            if mol is None:
                yield number, ""
            elif column is not None:
                yield number, mol.GetProp(column) if mol.HasProp(column) else ""
            else:
                yield number, str(Chem.MolToSmiles(mol))


def _choose(path: Path, names: list[str], column: str | None) -> str:
    candidates = (column,) if column is not None else COLUMN_NAMES
    for name in candidates:
        if name in names:
            return name
    wanted = repr(column) if column is not None else "smiles"
    shown = ", ".join(name[:30] for name in names[:8])
    raise UsageError(f"{path.name} has no column {wanted}; it has: {shown}. Choose one with --column")


_READERS: dict[str, Callable[[Path, str | None], Iterator[Row]]] = {
    ".smi": _read_smi,
    ".smiles": _read_smi,
    ".txt": _read_smi,
    ".csv": _read_table(","),
    ".tsv": _read_table("\t"),
    ".parquet": _read_parquet,
    ".sdf": _read_sdf,
}
