"""Tables of text: comma- and tab-separated values."""

from __future__ import annotations

import csv
import io
from collections import deque
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

_PLAIN = 100_000
"""Characters of a record up to which it is split without the reader of `csv`, which has to be made for each record."""

Cells = tuple[int, list[str]]
"""Line number and cells of one record."""


class _Lines:
    """Numbered lines, of which some can be given back to be read again."""

    def __init__(self, numbered: Iterable[tuple[int, str]]) -> None:
        self._rest, self._returned = iter(numbered), deque[tuple[int, str]]()

    def __iter__(self) -> Iterator[tuple[int, str]]:
        return self

    def __next__(self) -> tuple[int, str]:
        return self._returned.popleft() if self._returned else next(self._rest)

    def give_back(self, numbered: Sequence[tuple[int, str]]) -> None:
        self._returned.extendleft(reversed(numbered))


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
        remaining = _Lines(chain(head, numbered))
        header = next(_records(path, remaining, delimiter, quotes), None)
        if header is None:
            return
        position = None if column is not None or find_column(header[1]) is not None else _without_header(header[1])
        first: list[Cells] = []
        if position is None:
            position = choose_column(path.name, header[1], column)
        else:
            log.warning("%s has no header; column %d is read as SMILES", path.name, position + 1)
            first, values = [header], False
        for number, cells in chain(first, _records(path, remaining, delimiter, quotes, position)):
            smiles = cells[position].strip() if position < len(cells) else ""
            yield Row(number, smiles, values=_by_name(header[1], cells) if values else {})


def names_smiles(path: Path) -> bool:
    """Whether the first line names several columns, and one that holds SMILES."""
    with open_text(path) as text:
        head = list(enumerate(islice(lines(text), 2), start=1))
    if not head:
        return False
    delimiter, head = _delimiter(head)
    cells = _split(head[0][1], delimiter) if head else []
    return len(cells) > 1 and find_column(cells) is not None


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


def _records(
    path: Path, remaining: _Lines, delimiter: str, quotes: bool, position: int | None = None
) -> Iterator[Cells]:
    """Records line by line, so that an odd quote costs its own line and no other.

    A cell in quotes may go over several lines; where one with a SMILES goes over several lines and has delimiters too,
    the quote is an odd one.

    Args:
        path: for messages.
        remaining: lines.
        delimiter: between cells.
        quotes: whether they mean something.
        position: of the column of SMILES, once it is known.
    """
    for opened, line in remaining:
        if not quotes:
            yield opened, _split(line, delimiter)
            continue
        number, whole, taken = opened, line, list[tuple[int, str]]()
        while (cells := _cells(whole, delimiter)) is None:
            following = next(remaining, None)
            if following is None or following[0] - opened >= _LONGEST_CELL:
                raise MolgenError(f"cannot read {path}: a quote is opened in line {opened} and not closed")
            taken.append(following)
            number, whole = following[0], whole + following[1]
        smiles = "" if position is None else "".join(cells[position : position + 1])
        if "\n" in smiles and delimiter in smiles:
            remaining.give_back(taken)
            number, cells = opened, _split(line, delimiter)
        yield number, cells


def _split(line: str, delimiter: str) -> list[str]:
    """Cells of a line in which quotes mean nothing."""
    return [cell.strip().strip('"') for cell in line.rstrip("\n").split(delimiter)]


def _cells(record: str, delimiter: str) -> list[str] | None:
    """Cells of a record, None where a quote is still open."""
    skip = delimiter != "\t"
    if '"' not in record and delimiter != " " and len(record) <= _PLAIN:
        cells = line.split(delimiter) if (line := record.rstrip("\n")) else []
        return [cell.lstrip(" ") for cell in cells] if skip else cells
    try:
        return next(csv.reader([record], delimiter=delimiter, skipinitialspace=skip, strict=True), [])
    except csv.Error as error:
        if "unexpected end" in str(error):
            return None
    try:
        return next(csv.reader([record], delimiter=delimiter, skipinitialspace=skip), [])
    except csv.Error:  # a cell beyond all limits
        return []


class Writer:
    """Writes the column ``smiles``, and the others behind it, ``id`` in front of it; the names once.

    Args:
        stream: to write to.
        delimiter: between cells.
    """

    def __init__(self, stream: IO[bytes], delimiter: str) -> None:
        self._stream, self._delimiter, self._named = stream, delimiter, False

    def write(self, smiles: Sequence[str], columns: Mapping[str, Sequence[object]]) -> None:
        """Write some rows."""
        text = io.TextIOWrapper(self._stream, encoding="utf-8", newline="")
        table = ordered(smiles, columns)
        writer = csv.writer(text, delimiter=self._delimiter, lineterminator="\n")
        if not self._named:
            writer.writerow(table)
        self._named = True
        writer.writerows(zip(*table.values(), strict=True))
        text.flush()
        text.detach()

    def close(self) -> None:
        """Nothing comes last."""


def ordered(smiles: Sequence[str], columns: Mapping[str, Sequence[object]]) -> dict[str, Sequence[object]]:
    """All columns of a table: ``id`` (if any), ``smiles``, the rest."""
    first = {"id": columns["id"]} if "id" in columns else {}
    return {**first, "smiles": smiles, **{name: values for name, values in columns.items() if name != "id"}}
