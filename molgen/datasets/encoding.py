"""Records to tokens and bonds, in parallel, in order, one bad record costing only itself."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from itertools import islice
from typing import NamedTuple

from molgen.chem.codec import tokenize
from molgen.chem.desalt import desalt
from molgen.chem.standardize import Limits, has_stereo, standardize
from molgen.errors import MoleculeError

Refusal = tuple[str, str]
"""Reason and message."""


class Record(NamedTuple):
    """One molecule of a source.

    Attributes:
        line: or number, from 1.
        smiles: as the source writes it.
        split: official split, if any.
        problem: reason and message where the source holds no SMILES.
    """

    line: int
    smiles: str
    split: str | None = None
    problem: Refusal | None = None


_CHUNK = 2000


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
    """

    line: int
    smiles: str
    tokens: tuple[str, ...]
    bonds: bytes
    split: str | None
    had_stereo: bool
    desalted: bool = False


def encode_records(
    records: Iterable[Record], kekulized: bool, limits: Limits, jobs: int | None = None, salts: bool = False
) -> Iterator[tuple[int, Encoded | Refusal]]:
    """Stream the outcome of every record, in order, with its line number."""
    chunks = _chunks(records)
    head = list(islice(chunks, 5))
    jobs = jobs or os.cpu_count() or 1
    if len(head) < 5 or jobs == 1:  # too few to pay for starting processes
        for part in (head, chunks):
            for chunk in part:
                yield from _encode_chunk(chunk, kekulized, limits, salts)
        return
    from joblib import Parallel, delayed

    parallel = Parallel(n_jobs=jobs, return_as="generator", pre_dispatch="4*n_jobs")
    calls = (delayed(_encode_chunk)(chunk, kekulized, limits, salts) for part in (head, chunks) for chunk in part)
    for outcomes in parallel(calls):
        yield from outcomes


def _chunks(records: Iterable[Record]) -> Iterator[list[Record]]:
    iterator = iter(records)
    while chunk := list(islice(iterator, _CHUNK)):
        yield chunk


def _encode_chunk(
    chunk: list[Record], kekulized: bool, limits: Limits, salts: bool = False
) -> list[tuple[int, Encoded | Refusal]]:
    return [(record.line, _encode(record, kekulized, limits, salts)) for record in chunk]


def _encode(record: Record, kekulized: bool, limits: Limits, salts: bool) -> Encoded | Refusal:
    line, smiles, split, problem = record
    if problem is not None:
        return problem
    if salts:
        smiles = desalt(smiles)
    try:
        mol = standardize(smiles, limits)
        canonical, tokens, bonds = tokenize(mol, kekulized)
    except MoleculeError as error:
        return error.reason, str(error)
    return Encoded(line, canonical, tuple(tokens), bonds.tobytes(), split, has_stereo(smiles), smiles != record.smiles)
