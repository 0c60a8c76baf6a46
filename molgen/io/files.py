"""Files of molecules, read and written; the suffix decides the format."""

from __future__ import annotations

import csv
import gzip
import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path
from typing import IO, Any, Protocol

from molgen.errors import MolgenError, UsageError
from molgen.io import parquet, sdf, smi, table
from molgen.io.row import Row
from molgen.io.streams import STANDARD_INPUT, local
from molgen.system.files import as_path, check_writable, whole_file

Columns = Mapping[str, Sequence[object]]

_READERS: dict[str, Callable[[Path, str | None, bool], Iterator[Row]]] = {
    ".smi": smi.read,
    ".smiles": smi.read,
    ".ism": smi.read,
    ".txt": smi.read,
    ".csv": table.read,
    ".tsv": table.read,
    ".parquet": parquet.read,
    ".sdf": sdf.read,
    ".sd": sdf.read,
    ".mol": sdf.read,
}


class _Format(Protocol):
    """Writes parts of one file, all with the same columns."""

    def write(self, smiles: Sequence[str], columns: Columns) -> None: ...
    def close(self) -> None: ...


_WRITERS: dict[str, Callable[[IO[bytes]], _Format]] = {
    ".smi": smi.Writer,
    ".smiles": smi.Writer,
    ".ism": smi.Writer,
    ".csv": partial(table.Writer, delimiter=","),
    ".tsv": partial(table.Writer, delimiter="\t"),
    ".parquet": parquet.Writer,
    ".sdf": sdf.Writer,
    ".sd": sdf.Writer,
}


def read_rows(path: str | Path, column: str | None = None, values: bool = False) -> Iterator[Row]:
    """Stream a file of molecules; all formats also with ``.gz``.

    ``-`` is standard input: a table where `column` is given or the first line has a column whose name says that it
    holds SMILES, beside others; else SMILES a line.

    Args:
        path: of a ``.smi``, ``.smiles``, ``.ism``, ``.txt``, ``.csv``, ``.tsv``, ``.parquet``, ``.sdf``, ``.sd`` or
            ``.mol`` file.
        column: of a table, or a value of an SDF record to read instead of its structure. By default the column whose
            name says that it holds SMILES (`molgen.io.columns`), and the structure.
        values: also read the other columns, into `Row.values`.

    Raises:
        UsageError: no such file, an unknown suffix, a missing column.
        MolgenError: an unreadable or empty file.
    """
    path = as_path(path)
    reader = None if path == STANDARD_INPUT else _reader(path)
    if not is_readable(path):
        raise UsageError(f"there is no file {path}")
    empty = True
    try:
        file = local(path)
        if reader is None:
            reader = table.read if column is not None or table.names_smiles(file) else smi.read
        for row in reader(file, column, values):
            empty = False
            yield row
    except (OSError, EOFError, zlib.error, UnicodeError, csv.Error) as error:
        raise MolgenError(f"cannot read {path}: {error}") from None
    if empty:
        raise MolgenError(f"{path} holds no molecules")


def read_smiles(path: str | Path, column: str | None = None) -> Iterator[tuple[int, str]]:
    """Number and SMILES of each row of `read_rows`, empty where a record holds no molecule."""
    return ((row.number, row.smiles) for row in read_rows(path, column))


def is_readable(path: Path) -> bool:
    """Whether there is such a file, or it is standard input."""
    try:
        return path == STANDARD_INPUT or path.is_file()
    except OSError:  # a name that is too long for the file system
        return False


def named_file(data: object) -> Path | None:
    """The file that is meant where molecules are handed over, if one is: a `Path`, or a text that is no SMILES.

    Raises:
        UsageError: there is no such file.

    Example:
        >>> named_file("CCO") is None, named_file(["CCO"]) is None
        (True, True)
    """
    if not isinstance(data, str | Path):
        return None
    path = Path(data)
    if is_readable(path):
        return path
    if isinstance(data, Path) or format_of(path) in _READERS:
        raise UsageError(f"there is no file {path}")
    return None


def format_of(path: Path) -> str:
    """The suffix that decides a file's format, without ``.gz``: ``.smi``, ``.csv`` and so on, in lower case."""
    name = path.name.lower().removesuffix(".gz")
    return Path(name).suffix


def unit_of(path: Path) -> str:
    """What `Row.number` counts in a file: ``line`` in a text, ``record`` in ``.sdf`` and ``.parquet``.

    Example:
        >>> unit_of(Path("actives.csv.gz")), unit_of(Path("actives.sdf"))
        ('line', 'record')
    """
    return "line" if path == STANDARD_INPUT or _READERS.get(format_of(path)) in (smi.read, table.read) else "record"


def _reader(path: Path) -> Callable[[Path, str | None, bool], Iterator[Row]]:
    suffix = format_of(path)
    if suffix not in _READERS:
        raise UsageError(f"cannot read {path.name}: known formats are {', '.join(_READERS)}, each also with .gz")
    return _READERS[suffix]


def check_output(path: str | Path, overwrite: bool = False) -> None:
    """Refuse an output before work is spent on it.

    Raises:
        UsageError: an unknown suffix, a missing folder, or a file that may not be overwritten.
    """
    path = as_path(path)
    if format_of(path) not in _WRITERS:
        raise UsageError(f"cannot write {path.name}: known formats are {', '.join(_WRITERS)}, each also with .gz")
    check_writable(path, overwrite)


def holds_columns(path: str | Path) -> bool:
    """Whether the format of a file has values beside SMILES and identity, which ``.smi`` has not."""
    return _WRITERS.get(format_of(as_path(path))) not in (None, smi.Writer)


def write_molecules(
    path: str | Path, smiles: Sequence[str], overwrite: bool = False, columns: Columns | None = None
) -> None:
    """Write molecules, whole or not at all.

    ``.smi`` has a SMILES a line; ``.csv``, ``.tsv`` and ``.parquet`` the column ``smiles``; ``.sdf`` structures with
    flat coordinates. In ``.sdf`` what RDKit cannot read becomes an empty record, so that records keep their numbers.

    Args:
        path: the suffix decides the format.
        smiles: one per molecule.
        overwrite: an existing file.
        columns: more values, one per molecule under each name. ``id`` is the name in a ``.smi`` and the title of a
            record; a ``.smi`` has no others. None, NaN and pandas.NA are missing values: an empty cell, and in ``.sdf``
            no field.

    Raises:
        UsageError: see `check_output`.
        MolgenError: it cannot be written.
    """
    with molecule_writer(path, overwrite) as write:
        write(smiles, columns or {})


@contextmanager
def molecule_writer(path: str | Path, overwrite: bool = False) -> Iterator[Callable[[Sequence[str], Columns], None]]:
    """What writes molecules in parts, see `write_molecules`; the file is there when the block ends without error.

    Args:
        path: the suffix decides the format.
        overwrite: an existing file.

    Yields:
        What is called with the SMILES and the columns of each part; all have the same columns.

    Raises:
        UsageError: see `check_output`.
        MolgenError: it cannot be written.

    Example:
        >>> import tempfile
        >>> file = Path(tempfile.mkdtemp()) / "molecules.smi"
        >>> with molecule_writer(file) as write:
        ...     write(["CCO"], {})
        ...     write(["CCN"], {})
        >>> file.read_text().split()
        ['CCO', 'CCN']
    """
    path = as_path(path)
    check_output(path, overwrite)
    with ExitStack() as stack:
        temporary = stack.enter_context(whole_file(path, overwrite))
        stream: Any = stack.enter_context(temporary.open("wb"))
        if path.name.lower().endswith(".gz"):
            stream = stack.enter_context(gzip.GzipFile(fileobj=stream, mode="wb", filename="", mtime=0))
        writer = _WRITERS[format_of(path)](stream)

        def write(smiles: Sequence[str], columns: Columns) -> None:
            writer.write(smiles, {name: [_known(value) for value in values] for name, values in columns.items()})

        yield write
        writer.close()


def _known(value: object) -> object:
    """None instead of NaN and of what pandas has for missing values."""
    return value if isinstance(value, str) or str(value) not in ("nan", "NaT", "<NA>") else None
