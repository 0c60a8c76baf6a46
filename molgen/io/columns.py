"""Columns of a table: which one holds the SMILES, and the others."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from itertools import chain, count
from typing import TypeVar

from molgen.errors import UsageError
from molgen.io.row import Row, log

T = TypeVar("T")

COLUMN_NAMES = (
    "smiles",
    "canonicalsmiles",
    "isomericsmiles",
    "isosmiles",
    "smilesstring",
    "smi",
    "smile",
)
"""Known names, without regard to case, blanks, hyphens and underscores; the first one found is taken."""


ID_NAMES = (
    "id",
    "name",
    "title",
    "molid",
    "moleculeid",
    "compoundid",
    "moleculename",
    "compoundname",
    "moleculechemblid",
)
"""Known names of the column that names the molecules, written as in `COLUMN_NAMES`; the first one found is taken."""


def known_name(name: str) -> bool:
    """Whether a name of a column is one of `COLUMN_NAMES`."""
    return _plain(name) in COLUMN_NAMES


def find_column(names: Sequence[str]) -> int | None:
    """Position of the column of SMILES by its name, None where there is none.

    A known name comes first; else the only column with "smiles" in its name.
    """
    plain = [_plain(name) for name in names]
    for name in COLUMN_NAMES:
        if name in plain:
            return plain.index(name)
    containing = [position for position, name in enumerate(plain) if "smiles" in name]
    return containing[0] if len(containing) == 1 else None


def id_column(names: Iterable[str]) -> str | None:
    """The column that names the molecules, None where there is none.

    Example:
        >>> id_column(["SMILES", "Compound_ID", "pIC50"])
        'Compound_ID'
    """
    found = {_plain(name): name for name in reversed(list(names))}
    return next((found[name] for name in ID_NAMES if name in found), None)


def beside(columns: Mapping[str, T], more: Mapping[str, T]) -> dict[str, T]:
    """Columns and more of them; one whose name is taken gets a number behind it.

    Example:
        >>> beside({"id": 1, "total": 2}, {"total": 3, "QED": 4})
        {'id': 1, 'total': 2, 'total_2': 3, 'QED': 4}
    """
    found = dict(columns)
    for name, column in more.items():
        names = chain([name], (f"{name}_{number}" for number in count(2)))
        found[next(one for one in names if one not in found)] = column
    return found


def other_columns(rows: Sequence[Row], column: str | None = None) -> dict[str, list[str]]:
    """Values of rows beside their SMILES, by column, empty where a row has none; without empty columns.

    Args:
        rows: read with their values.
        column: of the SMILES; by default the one that is found by its name.
    """
    names = list(dict.fromkeys(name for row in rows for name in row.values))
    position = find_column(names) if column is None else None
    names = [name for name in names if name != (column if position is None else names[position])]
    found = {name: [row.values.get(name, "") for row in rows] for name in names}
    return {name: values for name, values in found.items() if any(values)}


def choose_column(file: str, names: Sequence[str], column: str | None) -> int:
    """Position of the column that was asked for, or of the column of SMILES.

    Raises:
        UsageError: there is none; the message lists the columns.
    """
    names = [name.strip() for name in names]
    position = find_column(names) if column is None else (names.index(column) if column in names else None)
    if position is None:
        wanted = repr(column) if column is not None else "smiles"
        shown = ", ".join(name[:30] for name in names[:8])
        raise UsageError(f"{file} has no column {wanted}; it has: {shown}. Choose one with --column")
    if list(names).count(names[position]) > 1:
        log.warning("%s has several columns %r; the first is read", file, names[position])
    return position


def _plain(name: str) -> str:
    return re.sub(r"[\s_-]", "", name.strip().strip('"').lower())
