"""Sets of molecules that a report is about: libraries and files."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from rdkit import Chem

from molgen.constraints.fragment import Fragment, parse_fragment
from molgen.errors import MolgenError, UsageError
from molgen.features.fingerprints import MOSES_BITS, morgan
from molgen.features.fragments import ring_systems
from molgen.features.record import MoleculeRecord
from molgen.io import read_smiles
from molgen.library import Library
from molgen.library.columns import annotated
from molgen.library.manifest import Folder
from molgen.library.summary import summary
from molgen.system.workers import Lost, isolated_map

Row = dict[str, Any]


@dataclass
class Described:
    """A molecule with what a report shows of it.

    Attributes:
        row: values of the columns of a library.
        rings: its ring systems.
        bits: packed Morgan fingerprint.
    """

    row: Row
    rings: tuple[str, ...]
    bits: bytes


@dataclass
class GivenSet:
    """One set of molecules.

    Attributes:
        name: of the library or file.
        made: names and values of how it was made.
        attempts: SMILES as given, for the metrics.
        fragment: that was asked for.
        molecules: those that can be read, described.
    """

    name: str
    made: list[tuple[str, str]]
    attempts: list[str]
    fragment: Fragment | None = None
    molecules: list[Described] = field(default_factory=list)

    def counts(self, column: str) -> dict[str, int]:
        """How often each text of a column occurs, or each ring system."""
        found: dict[str, int] = {}
        for one in self.molecules:
            for text in one.rings if column == "rings" else (one.row[column],):
                if text:
                    found[text] = found.get(text, 0) + 1
        return dict(sorted(found.items(), key=lambda item: (-item[1], item[0])))


def read_sets(paths: list[Path], most: int, column: str | None, jobs: int | None) -> list[GivenSet]:
    """Libraries and files as sets, each described.

    Args:
        paths: folders of libraries, and files of molecules.
        most: molecules of each set that are looked at; of more a random sample, always the same.
        column: of SMILES in tables.
        jobs: processes.

    Raises:
        UsageError: one is neither.
        MolgenError: one has no molecule that can be read.
    """
    for path in paths:
        if path.is_dir():
            Folder(path).manifest()
        elif not path.is_file():
            raise UsageError(f"{path} is neither a library nor a file of molecules")
    names = _names(paths)
    found = []
    for path, name in zip(paths, names, strict=True):
        given = _of_library(path, name, most) if path.is_dir() else _of_file(path, name, most, column)
        given.molecules = list(describe_all(given.attempts, jobs))
        if not given.molecules:
            raise MolgenError(f"{path} has no molecule that can be read")
        found.append(given)
    return found


def describe_all(smiles: list[str], jobs: int | None) -> Iterator[Described]:
    """Molecules that can be read, described, in their order."""
    for found in isolated_map(describe, smiles, jobs=jobs):
        if found is not None and not isinstance(found, Lost):
            yield found


def describe(smiles: str) -> Described | None:
    """What a report shows of a molecule; None where it cannot be read."""
    mol = MoleculeRecord(smiles).mol
    if mol is None:
        return None
    record = MoleculeRecord.of(mol)
    row = annotated(0, str(Chem.MolToSmiles(mol)))
    del row["attempt"]
    return Described(row, ring_systems(record), morgan(record, MOSES_BITS))


def _names(paths: list[Path]) -> list[str]:
    short = [path.name or str(path) for path in paths]
    return short if len(set(short)) == len(short) else [str(path) for path in paths]


def _of_library(path: Path, name: str, most: int) -> GivenSet:
    library = Library(path)
    total = len(library)
    numbers = library.query("SELECT attempt FROM molecules ORDER BY attempt")["attempt"].to_numpy()
    rows = _sampled(total, most)
    chosen = ", ".join(map(str, numbers[rows].tolist()))
    smiles = library.query(f"SELECT smiles FROM molecules WHERE attempt IN ({chosen}) ORDER BY attempt")
    settings = library.manifest.settings
    fragment = None if settings is None or settings.fragment is None else parse_fragment(settings.fragment)
    return GivenSet(name, _shown(summary(library), total, len(rows)), smiles["smiles"].tolist(), fragment)


def _of_file(path: Path, name: str, most: int, column: str | None) -> GivenSet:
    smiles = [text for _, text in read_smiles(path, column)]
    rows = _sampled(len(smiles), most)
    made = [("file", name), ("rows", f"{len(smiles):,}")]
    return GivenSet(name, _shown(made, len(smiles), len(rows)), [smiles[row] for row in rows])


def _shown(made: list[tuple[str, str]], total: int, shown: int) -> list[tuple[str, str]]:
    return [*made, ("in this report", f"{shown:,} at random")] if shown < total else made


def _sampled(total: int, most: int) -> list[int]:
    """Numbers of the rows that are looked at, in order."""
    if total <= most:
        return list(range(total))
    return sorted(np.random.default_rng(0).choice(total, most, replace=False).tolist())
