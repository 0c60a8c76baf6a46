"""Tables of text: comma- and tab-separated values."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import chain, islice
from pathlib import Path
from typing import IO

from molgen.errors import MolgenError
from molgen.io.columns import choose_column, find_column
from molgen.io.row import Row, log
from molgen.io.smi import is_smiles
from molgen.io.streams import lines, open_text

_DELIMITERS = ",;\t|"
_LONGEST_CELL = 1000
"""Lines that a cell in quotes may go over."""

Cells = tuple[int, list[str]]
"""Line number and cells of one record."""


def read(path: Path, column: str | None = None, values: bool = False) -> Iterator[Row]:
    """The cells of one column; with `values` those of the others too.

    The delimiter of a ``.csv`` is the one that occurs most often in the first line, or what a first line ``sep=;``
    says; a ``.tsv`` has tabs, and quotes mean nothing in it. Where no cell of the first line names the column and one
    is a SMILES, there is no header: that column is read, and a note says so.

    Raises:
        UsageError: there is no such column.
        MolgenError: a quote is not closed.
    """
    with open_text(path) as text:
        numbered = ((number, line.replace("\x00", "\ufffd")) for number, line in enumerate(lines(text), start=1))
        head = list(islice(numbered, 2))
        if not head:
            return
        delimiter, quotes = "\t", not _is_tsv(path)
        if quotes:
            delimiter, head = _delimiter(head)
        records = _records(path, chain(head, numbered), delimiter, quotes)
        header = next(records, None)
        if header is None:
            return
        position = None if column is not None or find_column(header[1]) is not None else _without_header(header[1])
        if position is None:
            position = choose_column(path.name, header[1], column)
        else:
            log.warning("%s has no header; column %d is read as SMILES", path.name, position + 1)
            records = chain([header], records)
            values = False
        for number, cells in records:
            smiles = cells[position].strip() if position < len(cells) else ""
            yield Row(number, smiles, values=_by_name(header[1], cells) if values else {})


def _by_name(names: Sequence[str], cells: Sequence[str]) -> dict[str, str]:
    """Cells by the names of their columns; the first of several columns with one name."""
    found: dict[str, str] = {}
    for name, value in zip(names, cells, strict=False):
        found.setdefault(name.strip(), value.strip())
    return found


def _is_tsv(path: Path) -> bool:
    return ".tsv" in path.name.lower()[-7:]


def _delimiter(head: list[tuple[int, str]]) -> tuple[str, list[tuple[int, str]]]:
    """Delimiter, and the lines that come after a line ``sep=``."""
    first = head[0][1].strip()
    if first.lower().startswith("sep=") and len(first) == 5:
        return first[4], head[1:]
    outside = "".join(first.split('"')[::2])
    counts = {mark: outside.count(mark) for mark in _DELIMITERS}
    return max(counts, key=lambda mark: counts[mark]), head


def _without_header(cells: Sequence[str]) -> int | None:
    """Position of the first cell that is a SMILES."""
    return next((position for position, cell in enumerate(cells) if is_smiles(cell)), None)


def _records(path: Path, numbered: Iterable[tuple[int, str]], delimiter: str, quotes: bool) -> Iterator[Cells]:
    """Records line by line, so that an odd quote costs its own line and no other."""
    iterator = iter(numbered)
    for number, line in iterator:
        if not quotes:
            yield number, [cell.strip().strip('"') for cell in line.rstrip("\n").split(delimiter)]
            continue
        whole, opened = line, number
        while (cells := _cells(whole, delimiter)) is None:
            following = next(iterator, None)
            if following is None or following[0] - opened >= _LONGEST_CELL:
                raise MolgenError(f"cannot read {path}: a quote is opened in line {opened} and not closed")
            number, whole = following[0], whole + following[1]
        yield number, cells


def _cells(record: str, delimiter: str) -> list[str] | None:
    """Cells of a record, None where a quote is still open."""
    skip = delimiter != "\t"
    try:
        return next(csv.reader([record], delimiter=delimiter, skipinitialspace=skip, strict=True), [])
    except csv.Error as error:
        if "unexpected end" in str(error):
            return None
    try:
        return next(csv.reader([record], delimiter=delimiter, skipinitialspace=skip), [])
    except csv.Error:  # a cell beyond all limits
        return []


def write(stream: IO[bytes], smiles: Sequence[str], columns: Mapping[str, Sequence[object]], delimiter: str) -> None:
    """The column ``smiles``, and the others behind it; ``id`` in front of it."""
    text = io.TextIOWrapper(stream, encoding="utf-8", newline="")
    table = ordered(smiles, columns)
    writer = csv.writer(text, delimiter=delimiter, lineterminator="\n")
    writer.writerow(table)
    writer.writerows(zip(*table.values(), strict=True))
    text.flush()
    text.detach()


def ordered(smiles: Sequence[str], columns: Mapping[str, Sequence[object]]) -> dict[str, Sequence[object]]:
    """All columns of a table: ``id`` (if any), ``smiles``, the rest."""
    first = {"id": columns["id"]} if "id" in columns else {}
    return {**first, "smiles": smiles, **{name: values for name, values in columns.items() if name != "id"}}
