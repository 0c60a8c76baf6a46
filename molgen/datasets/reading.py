"""Molecules of a file or set one by one, read as attempts are, and what cannot be used of it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from functools import partial
from typing import NamedTuple

from molgen.chem.desalt import desalt
from molgen.chem.standardize import DEFAULT_LIMITS
from molgen.chem.strict import read_strict
from molgen.datasets.encoding import Record, Refusal, counted
from molgen.errors import MoleculeError, MolgenError
from molgen.system.workers import Lost, isolated_pairs


class StrictMolecule(NamedTuple):
    """A molecule that is strictly valid.

    Attributes:
        smiles: canonical, without stereo.
        desalted: whether other components were dropped.
    """

    smiles: str
    desalted: bool


@dataclass
class Reading:
    """How many records have been read, and which of them cannot be used.

    Attributes:
        name: of the file or set.
        read: lines or records read.
        skipped: number of lines by reason.
        first: number and message of the first skipped one, by reason.
        unit: what the numbers count, ``line`` or ``record``.
    """

    name: str
    read: int = 0
    skipped: dict[str, int] = field(default_factory=dict)
    first: dict[str, tuple[int, str]] = field(default_factory=dict)
    unit: str = "line"

    def skip(self, line: int, problem: Refusal) -> None:
        """Count a record that cannot be used."""
        reason, message = problem
        self.skipped[reason] = self.skipped.get(reason, 0) + 1
        self.first.setdefault(reason, (line, message))

    def notes(self) -> list[str]:
        """What was left out and why, a line for each reason.

        Example:
            >>> found = Reading("known.smi", read=3)
            >>> found.skip(2, ("unparsable", "RDKit cannot read 'C1CC'"))
            >>> found.notes()
            ["known.smi: 1 of 3 left out as unparsable; first: line 2, RDKit cannot read 'C1CC'"]
        """
        return [
            f"{self.name}: {count:,} of {self.read:,} left out as {reason}; "
            f"first: {self.unit} {self.first[reason][0]}, {self.first[reason][1]}"
            for reason, count in self.skipped.items()
        ]


def strict_molecules(
    records: Iterable[Record],
    found: Reading,
    *,
    salts: bool = False,
    jobs: int | None = None,
    progress: Callable[[str, int], None] | None = None,
) -> Iterator[StrictMolecule]:
    """The strictly valid molecules of records, in order; no limit but those of every SMILES holds.

    Args:
        records: to read.
        found: to which all of them are counted, and those that cannot be used by reason.
        salts: keep the largest organic component of each record.
        jobs: worker processes.
        progress: called with what is read and the number of records read so far.

    Raises:
        MolgenError: at the end, none can be used.

    Example:
        >>> found = Reading("two lines")
        >>> [one.smiles for one in strict_molecules([Record(1, "OCC"), Record(2, "C1CC")], found, jobs=1)]
        ['CCO']
        >>> found.read, found.skipped
        (2, {'unparsable': 1})
    """
    used = 0
    for record, outcome in isolated_pairs(partial(_one, salts=salts), records, jobs=jobs):
        found.read += 1
        if progress is not None and found.read % 1000 == 0:
            progress(f"reading {found.name}", found.read)
        if isinstance(outcome, StrictMolecule):
            used += 1
            yield outcome
        else:
            found.skip(record.line, ("lost", outcome.reason) if isinstance(outcome, Lost) else outcome)
    if not used:
        raise MolgenError(
            f"nothing in {found.name} can be used: {found.read:,} read, skipped: {counted(found.skipped)}"
        )


def _one(record: Record, salts: bool) -> StrictMolecule | Refusal:
    if record.problem is not None:
        return record.problem
    text = desalt(record.smiles) if salts else record.smiles
    try:
        return StrictMolecule(read_strict(text, DEFAULT_LIMITS), text != record.smiles)
    except MoleculeError as error:
        return error.reason, str(error)
