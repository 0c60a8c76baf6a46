"""Records to tokens and bonds, in parallel, in order, one bad record costing only itself."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from functools import partial
from itertools import chain, islice
from sys import intern
from typing import NamedTuple, TypeVar

from rdkit import Chem

from molgen.chem.codec import tokenize
from molgen.chem.desalt import desalt
from molgen.chem.standardize import Limits, canonical_smiles, has_stereo, standardize
from molgen.errors import MoleculeError
from molgen.system.workers import Lost, isolated_pairs

T = TypeVar("T")

Refusal = tuple[str, str]
"""Reason and message."""

Refused = Callable[[Chem.Mol], Refusal | None]
"""Says why a molecule is to be left out, or None; a function of a module, as other processes call it."""


class Record(NamedTuple):
    """One molecule of a source.

    Attributes:
        line: or number, from 1.
        smiles: as the source writes it.
        split: official split, if any.
        problem: reason and message where the source holds no SMILES.
        collection: of a source made of several, the one that it comes from.
        id: its name in the source, empty where it has none.
    """

    line: int
    smiles: str
    split: str | None = None
    problem: Refusal | None = None
    collection: str | None = None
    id: str = ""


class LeftOut(NamedTuple):
    """A record that cannot be used.

    Attributes:
        line: or number, from 1.
        id: its name in the source, empty where it has none.
        smiles: as it was given.
        reason: in one word.
        message: in one line.
    """

    line: int
    id: str
    smiles: str
    reason: str
    message: str

    @classmethod
    def of(cls, record: Record, reason: str, message: str) -> LeftOut:
        """A record with the reason why it cannot be used."""
        return cls(record.line, record.id, record.smiles, reason, message)


_CHUNK, _FEW = 500, 10_000


class Encoded(NamedTuple):
    """One molecule, atoms still as tokens because the vocabulary is known only at the end.

    Attributes:
        line: of the source.
        smiles: canonical, without stereo.
        tokens: of the atoms, in canonical order.
        bonds: categories of the pairs i < j, as bytes.
        split: official split, if any.
        had_stereo: whether stereo labels were dropped.
        desalted: whether other components were dropped.
        collection: of a source made of several, the one that it comes from.
    """

    line: int
    smiles: str
    tokens: tuple[str, ...]
    bonds: bytes
    split: str | None
    had_stereo: bool
    desalted: bool = False
    collection: str | None = None


def encode_records(
    records: Iterable[Record],
    kekulized: bool,
    limits: Limits,
    jobs: int | None = None,
    salts: bool = False,
    refused: Refused | None = None,
) -> Iterator[tuple[int, Encoded | Refusal]]:
    """Stream the outcome of every record, in order, with its line number."""
    call = partial(_encode, kekulized=kekulized, limits=limits, salts=salts, refused=refused)
    for record, found in _in_order(call, records, jobs):
        yield record.line, ("crashed", f"{found.reason}: {record.smiles}") if isinstance(found, Lost) else found


def counted(reasons: Mapping[str, int]) -> str:
    """Numbers by reason, as text.

    Example:
        >>> counted({"fragments": 2, "unparsable": 1000})
        'fragments 2, unparsable 1,000'
    """
    return ", ".join(f"{reason} {count:,}" for reason, count in reasons.items())


def canonical_records(records: Iterable[Record], limits: Limits, jobs: int | None = None) -> Iterator[str]:
    """Stream the canonical SMILES without stereo of the records that can be read, in order."""
    for _, found in _in_order(partial(_canonical, limits=limits), records, jobs):
        if isinstance(found, str):
            yield found


def _in_order(
    call: Callable[[Record], T], records: Iterable[Record], jobs: int | None
) -> Iterator[tuple[Record, T | Lost]]:
    """Each record and what a call makes of it, by several processes where there are enough records."""
    iterator = iter(records)
    head = list(islice(iterator, _FEW))
    jobs = jobs or os.cpu_count() or 1
    if len(head) < _FEW or jobs == 1:  # too few to pay for starting processes
        for record in chain(head, iterator):
            yield record, call(record)
        return
    yield from isolated_pairs(call, chain(head, iterator), jobs=jobs, chunk=_CHUNK)


def _encode(record: Record, kekulized: bool, limits: Limits, salts: bool, refused: Refused | None) -> Encoded | Refusal:
    line, smiles, split, problem, collection, _ = record
    if problem is not None:
        return problem
    if salts:
        smiles = desalt(smiles)
    try:
        mol = standardize(smiles, limits)
        canonical, tokens, bonds = tokenize(mol, kekulized)
    except MoleculeError as error:
        return error.reason, str(error)
    if refused is not None and (refusal := refused(mol)) is not None:
        return refusal[0], f"{refusal[1]}: {canonical}"
    shared = tuple(map(intern, tokens))  # so that a chunk goes to another process with each token once
    desalted = smiles != record.smiles
    return Encoded(line, canonical, shared, bonds.tobytes(), split, has_stereo(smiles), desalted, collection)


def _canonical(record: Record, limits: Limits) -> str | None:
    with suppress(MoleculeError):
        return canonical_smiles(record.smiles, limits)
    return None
