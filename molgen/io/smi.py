"""SMILES files: a molecule a line, its SMILES first."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from itertools import chain, islice
from pathlib import Path
from typing import IO

from molgen.chem.standardize import parsed_or_none
from molgen.io.columns import known_name
from molgen.io.row import Row, log
from molgen.io.streams import lines, open_text

_HEAD = 20
"""Lines that show where the SMILES stands."""

_END = re.compile(r"[\s,;]")
"""A SMILES has no blank, comma or semicolon."""


def read(path: Path, column: str | None = None, values: bool = False) -> Iterator[Row]:
    """The first word of each line, up to a comma or semicolon, without quotes around it.

    A header with a known name of the column and comments (``#`` first) are left out. Where no first word of the first
    lines is a SMILES and every second word is one, names come first: the second word is taken, and a note says so.

    Args:
        path: of the file.
        column: not used; a line has no columns.
        values: also the name of each molecule, as the value ``id``.
    """
    with open_text(path) as text:
        numbered = enumerate(lines(text), start=1)
        head = list(islice(numbered, _HEAD))
        first, position = [words(line) for _, line in head], 0
        if first and first[0] and known_name(first[0][0]):
            head = head[1:]
        elif _names_first(first):
            log.warning("%s: names come first, so the second word of each line is read", path.name)
            position = 1
        for number, line in chain(head, numbered):
            found = words(line)
            if not found or not found[0].startswith("#"):
                smiles = found[position] if position < len(found) else ""
                yield Row(number, smiles, values={"id": _name(line, position)} if values else {})


def words(line: str) -> list[str]:
    """The first two words of a line.

    >>> words('"CCO";ethanol')
    ['CCO', 'ethanol']
    """
    found = (part.strip('"') for part in _END.split(line))
    return list(islice((part for part in found if part), 2))


def _name(line: str, position: int) -> str:
    """What stands beside the SMILES of a line: the words behind it, or the one in front of it."""
    first, _, rest = _END.sub("\0", line.strip(), count=1).partition("\0")
    return (rest if position == 0 else first).strip().strip('"')


def _names_first(head: Sequence[Sequence[str]]) -> bool:
    found = [pair for pair in head if pair and not pair[0].startswith("#")]
    if not found or any(len(pair) < 2 for pair in found):
        return False
    return not any(is_smiles(first) for first, _ in found) and all(is_smiles(second) for _, second in found)


def is_smiles(text: str) -> bool:
    """Whether RDKit reads it."""
    return parsed_or_none(text) is not None


class Writer:
    """Writes a SMILES a line; behind it a tab and the column ``id``, where there is one.

    Args:
        stream: to write to.
    """

    def __init__(self, stream: IO[bytes]) -> None:
        self._stream = stream

    def write(self, smiles: Sequence[str], columns: Mapping[str, Sequence[object]]) -> None:
        """Write some lines."""
        names = columns.get("id")
        for number, value in enumerate(smiles):
            self._stream.write(f"{value}\n".encode() if names is None else f"{value}\t{names[number]}\n".encode())

    def close(self) -> None:
        """Nothing comes last."""
