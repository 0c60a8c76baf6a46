"""What a chemist wants to know of each molecule of a library, in columns."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Sequence

from molgen.features.alerts import matching_catalogues
from molgen.features.fragments import murcko_scaffold
from molgen.features.named_properties import PROPERTIES
from molgen.features.record import MoleculeRecord

Value = float | str | None

COLUMNS = (*PROPERTIES, "scaffold", "alerts")
"""Names of the columns: properties, Murcko scaffold, and catalogues of structural alerts that match."""

_CHUNK = 250
_DECIMALS = 4


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
    chunks = [smiles[start : start + _CHUNK] for start in range(0, len(smiles), _CHUNK)]
    rows: list[list[Value]] = []
    for found in _each(chunks):
        rows += found
        if progress is not None:
            progress(len(found))
    return {name: [row[number] for row in rows] for number, name in enumerate(COLUMNS)}


def _each(chunks: Sequence[Sequence[str]]) -> Iterable[list[list[Value]]]:
    jobs = min(os.cpu_count() or 1, len(chunks))
    if jobs < 2:
        return map(_rows, chunks)
    from joblib import Parallel, delayed

    found: Iterable[list[list[Value]]] = Parallel(jobs, return_as="generator")(map(delayed(_rows), chunks))
    return found


def _rows(smiles: Sequence[str]) -> list[list[Value]]:
    return [_row(MoleculeRecord(text)) for text in smiles]


def _row(record: MoleculeRecord) -> list[Value]:
    if record.mol is None:
        return [None] * len(COLUMNS)
    numbers = [_rounded(one.compute(record.mol)) for one in PROPERTIES.values()]
    return [*numbers, ";".join(murcko_scaffold(record)), ";".join(matching_catalogues(record))]


def _rounded(value: float) -> float:
    return value if isinstance(value, int) else round(float(value), _DECIMALS)
