"""Molecules that an optimisation begins from."""

from __future__ import annotations

import warnings
from collections.abc import Iterable
from pathlib import Path

from molgen.constraints.conditions import Conditions
from molgen.datasets.encoding import Record
from molgen.datasets.known import known_molecules, usable
from molgen.datasets.reading import Reading
from molgen.errors import LeftOutWarning
from molgen.io import smiles_of
from molgen.io.files import named_file


class Known(list[str]):
    """What `start_molecules` has read, which is not read again."""


Start = str | Path | Iterable[str]
"""Path of a file of molecules, or SMILES."""


def start_molecules(start: Start, conditions: Conditions | None = None) -> Known:
    """Different canonical SMILES, without stereo, of molecules to begin from.

    Args:
        start: path of a file that `molgen.io.read_rows` reads, or molecules, see `molgen.io.smiles_of`.
        conditions: that all molecules of the optimisation have; others are left out.

    Raises:
        UsageError: there is no such file, or what is given are no molecules.
        MolgenError: nothing can be used.

    Warns:
        LeftOutWarning: of records that cannot be used, and of molecules that do not have what is asked.

    Example:
        >>> start_molecules(["OCC", "CCO", "c1ccccc1"])
        ['CCO', 'c1ccccc1']
    """
    if isinstance(start, Known):
        return Known(start)
    file = named_file(start)
    if file is not None:
        read = known_molecules(file)
    else:
        records = (Record(number, text) for number, text in enumerate(smiles_of(start, "start"), 1))
        read = usable(records, Reading("the molecules to begin from", unit="number"), jobs=1)
    smiles = Known(dict.fromkeys(read))
    if conditions is None:
        return smiles
    lacking = [text for text in smiles if not all(conditions.satisfied(text).values())]
    if lacking:
        warnings.warn(
            f"{len(lacking):,} of {len(smiles):,} molecules to begin from do not contain the fragment; "
            f"first: {lacking[0]:.60}",
            LeftOutWarning,
            stacklevel=2,
        )
    left_out = set(lacking)
    return Known(text for text in smiles if text not in left_out)
