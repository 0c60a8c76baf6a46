"""What a chemist wants to know of each molecule of a library, in columns."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Sequence

from molgen.features.alerts import matching_catalogues
from molgen.features.fragments import murcko_scaffold
from molgen.features.named_properties import PROPERTIES
from molgen.features.record import MoleculeRecord
from molgen.system.workers import Lost, isolated_map

Value = float | str | None

COLUMNS = (*PROPERTIES, "scaffold", "alerts")
"""Names of the columns: properties, Murcko scaffold, and catalogues of structural alerts that match."""

_CHUNK = 250
_DECIMALS = 4
_NOTHING: list[Value] = [None] * len(COLUMNS)


def property_table(smiles: Sequence[str], progress: Callable[[int], object] | None = None) -> dict[str, list[Value]]:
    """Values by column of `COLUMNS`, one per molecule, None where RDKit cannot read it.

    Numbers that are not whole are rounded to 4 decimals. The scaffold is a SMILES, empty where there are no rings;
    alerts are names of catalogues separated by ``;``. More than some hundred molecules are shared out over processes,
    one per core.

    Args:
        smiles: one per molecule.
        progress: called with a number of molecules just finished.

    Example:
        >>> table = property_table(["CC(=O)Cl", "C1CC"])
        >>> table["heavy_atoms"], table["logP"], table["alerts"][0].split(";")[:2]
        ([4, None], [0.7717, None], ['BRENK', 'NIH'])
    """
    rows: list[list[Value]] = []
    for row in _each(smiles):
        rows.append(row)
        if progress is not None:
            progress(1)
    return {name: [row[number] for row in rows] for number, name in enumerate(COLUMNS)}


def _each(smiles: Sequence[str]) -> Iterable[list[Value]]:
    jobs = min(os.cpu_count() or 1, -(-len(smiles) // _CHUNK))
    if jobs < 2:
        return map(_row, smiles)
    _row("C")  # loads lists of alerts, which forked processes then share
    found = isolated_map(_row, smiles, jobs=jobs, chunk=_CHUNK)
    return (_NOTHING if isinstance(row, Lost) else row for row in found)


def _row(smiles: str) -> list[Value]:
    record = MoleculeRecord(smiles)
    if record.mol is None:
        return _NOTHING
    numbers = [_rounded(one.compute(record.mol)) for one in PROPERTIES.values()]
    return [*numbers, ";".join(murcko_scaffold(record)), ";".join(matching_catalogues(record))]


def _rounded(value: float) -> float:
    return value if isinstance(value, int) else round(float(value), _DECIMALS)
