"""Molecules that an optimisation begins from."""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Iterator
from pathlib import Path

from molgen.constraints.conditions import Conditions
from molgen.datasets.encoding import Record
from molgen.datasets.known import known_molecules
from molgen.datasets.reading import Reading, strict_molecules
from molgen.errors import LeftOutWarning
from molgen.scoring.inputs import smiles_list

Start = str | Path | Iterable[str]
"""Path of a file of molecules, or SMILES."""


def start_molecules(start: Start, conditions: Conditions | None = None) -> list[str]:
    """Different canonical SMILES, without stereo, of molecules to begin from.

    Args:
        start: path of a file that `molgen.io.read_rows` reads, or SMILES, such as a list or a column of pandas.
        conditions: that all molecules of the optimisation have; others are left out.

    Raises:
        UsageError: there is no such file, or what is given is no list of SMILES.
        MolgenError: nothing can be used.

    Warns:
        LeftOutWarning: of records that cannot be used, and of molecules that do not have what is asked.

    Example:
        >>> start_molecules(["OCC", "CCO", "c1ccccc1"])
        ['CCO', 'c1ccccc1']
    """
    read = known_molecules(Path(start)) if isinstance(start, str | Path) else _listed(smiles_list(start))
    smiles = list(dict.fromkeys(read))
    if conditions is None:
        return smiles
    fitting = [text for text in smiles if all(conditions.satisfied(text).values())]
    if len(fitting) < len(smiles):
        lacking = next(text for text in smiles if text not in set(fitting))
        _warn(
            f"{len(smiles) - len(fitting):,} of {len(smiles):,} molecules to begin from do not have what is asked; "
            f"first: {lacking:.60}"
        )
    return fitting


def _listed(texts: list[str]) -> Iterator[str]:
    found = Reading("the molecules to begin from", unit="number")
    records = (Record(number, text) for number, text in enumerate(texts, 1))
    for molecule in strict_molecules(records, found, jobs=1):
        yield molecule.smiles
    for note in found.notes():
        _warn(note)


def _warn(text: str) -> None:
    warnings.warn(text, LeftOutWarning, stacklevel=3)
