"""Molecules to draw with what is known of each: values beside it, or a property that is computed."""

from __future__ import annotations

import heapq
import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import chain, islice
from pathlib import Path
from typing import Any, NamedTuple

from rdkit import Chem

from molgen.chem.standardize import bare_smiles, parse
from molgen.errors import MoleculeError, UsageError
from molgen.features.named_properties import PROPERTIES, Property, find_property
from molgen.io import read_rows, smiles_of

_HEAD = 1000
"""Entries that show which values there are."""

Value = Callable[["Entry"], object]


class Entry(NamedTuple):
    """One molecule to draw.

    Attributes:
        number: of the row or molecule, from 1.
        smiles: not checked.
        problem: why there is no SMILES, where the file says so.
        values: what stands beside it, by name.
    """

    number: int
    smiles: str
    problem: str | None
    values: Mapping[str, object]

    def read(self) -> Chem.Mol:
        """The molecule; dummy atoms are drawn too.

        Raises:
            MoleculeError: it cannot be read.
        """
        if self.problem is not None:
            raise MoleculeError("unparsable", self.problem)
        try:
            return parse(self.smiles)
        except MoleculeError as error:
            if error.reason != "dummy":
                raise
        return Chem.MolFromSmiles(bare_smiles(self.smiles))


def entries_of_file(path: Path, column: str | None = None) -> Iterator[Entry]:
    """The rows of a file with their columns."""
    for row in read_rows(path, column, values=True):
        yield Entry(row.number, row.smiles, row.problem and row.problem[1], row.values)


def entries_of(
    molecules: str | Path | Iterable[Any], values: Mapping[str, Sequence[object]] | None = None
) -> Iterator[Entry]:
    """Molecules in Python with values beside them.

    Args:
        molecules: see `molgen.io.smiles_of`.
        values: one per molecule under each name: a dictionary or a table of pandas.

    Raises:
        UsageError: not so many values as molecules.
    """
    if values is None or not len(values):
        return (Entry(number, smiles, None, {}) for number, smiles in enumerate(smiles_of(molecules), start=1))
    smiles = list(smiles_of(molecules))
    beside = {str(name): list(values[name]) for name in values}
    for name, given in beside.items():
        if len(given) != len(smiles):
            raise UsageError(f"there are {len(smiles):,} molecules and {len(given):,} values of {name!r}")
    records = (dict(zip(beside, record, strict=True)) for record in zip(*beside.values(), strict=True))
    return (Entry(i, text, None, record) for i, (text, record) in enumerate(zip(smiles, records, strict=True), start=1))


def chosen(
    entries: Iterable[Entry], n: int, names: Sequence[str], sort: str | None, descending: bool
) -> tuple[list[Entry], list[Value]]:
    """The first entries, in their order or sorted, and where to find the values of some names.

    A name is a column where there is one, else a property. Numbers come before texts when sorting, and what has no
    value comes last either way.

    Args:
        entries: any number; only those that are returned stay in memory.
        n: number of entries to return at most.
        names: of values that are shown.
        sort: name of the value to sort by.
        descending: largest first.

    Raises:
        UsageError: a name that is neither a column nor a property.
    """
    iterator = iter(entries)
    head = list(islice(iterator, _HEAD if names or sort is not None else n))
    columns = list(dict.fromkeys(name for entry in head for name in entry.values))
    shown = [_value(name, columns) for name in names]
    if sort is None:
        return head[:n], shown
    key, everything = _value(sort, columns), chain(head, iterator)
    if descending:
        return heapq.nlargest(n, everything, key=lambda entry: _order(key(entry), last=False)), shown
    return heapq.nsmallest(n, everything, key=lambda entry: _order(key(entry), last=True)), shown


def _value(name: str, columns: Sequence[str]) -> Value:
    if name in columns:
        return lambda entry: entry.values.get(name)
    try:
        found = find_property(name)
    except UsageError:
        there = f"the columns are {', '.join(columns[:20])}" if columns else "there are no columns"
        raise UsageError(f"{name!r} is neither a column nor a property; {there}; {_properties()}") from None
    return lambda entry: _computed(found, entry)


def _properties() -> str:
    return f"the properties are {', '.join(PROPERTIES)}"


def _computed(found: Property, entry: Entry) -> float | None:
    try:
        return float(found.compute(entry.read()))
    except (MoleculeError, ValueError, RuntimeError):  # a dummy atom has no weight or logP of its own
        return None


def _order(value: object, last: bool) -> tuple[bool, bool, float, str]:
    number = as_number(value)
    if number is not None:
        return not last, not last, number, ""
    text = "" if is_missing(value) else str(value)
    return (not last) if text else last, last, 0.0, text


def as_number(value: object) -> float | None:
    """The value as a finite number, None where it is none."""
    try:
        number = float(str(value))
    except ValueError:
        return None
    return number if math.isfinite(number) else None


def is_missing(value: object) -> bool:
    """Whether a value is empty: None, NaN or a blank text."""
    return value is None or str(value).strip().lower() in ("", "nan", "none", "<na>")
