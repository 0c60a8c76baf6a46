"""From the records of a source to the files of an encoded set. Molecules go through one at a time."""

from __future__ import annotations

import json
import shutil
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, field
from hashlib import blake2b
from itertools import islice
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from molgen.chem.standardize import Limits
from molgen.chem.vocabulary import MOST_TOKENS, Vocabulary, read_token
from molgen.datasets.encoding import Encoded, canonical_records, counted, encode_records
from molgen.datasets.sources import AtomRule, Source
from molgen.datasets.spill import Spill
from molgen.datasets.splits import TRAIN, SplitConfig, assign_splits
from molgen.errors import MolgenError

META_FILE, TABLE_FILE = "meta.json", "molecules.parquet"

Names = NDArray[np.object_]
"""Split of each molecule."""

_ROWS = 65_536
_KEPT = -1


@dataclass
class Report:
    """What a loader did.

    Attributes:
        read: records seen.
        kept: molecules encoded.
        duplicates: records whose molecule had been seen before.
        stereo_dropped: kept molecules whose stereo labels were dropped.
        desalted: kept molecules of which other components were dropped.
        skipped: counts by reason.
        examples: the first few skipped, by reason: (line, message).
        splits: molecules by split.
        collections: molecules by split and collection, for sources made of several.
        unit: what the numbers of records count, ``line`` or ``record``.
    """

    read: int = 0
    kept: int = 0
    duplicates: int = 0
    stereo_dropped: int = 0
    desalted: int = 0
    skipped: dict[str, int] = field(default_factory=dict)
    examples: dict[str, list[tuple[int | None, str]]] = field(default_factory=dict)
    splits: dict[str, int] = field(default_factory=dict)
    collections: dict[str, dict[str, int]] = field(default_factory=dict)
    unit: str = "line"

    def skip(self, line: int | None, reason: str, message: str) -> None:
        """Count one skipped record, whose line may be unknown, and remember the first five of each reason."""
        self.skipped[reason] = self.skipped.get(reason, 0) + 1
        if self.skipped[reason] <= 5:
            self.examples.setdefault(reason, []).append((line, message))

    def lines(self) -> list[str]:
        """What was read and kept, and for each reason how many records were skipped and which was the first.

        Example:
            >>> report = Report(read=3, kept=2)
            >>> report.skip(3, "unparsable", "RDKit cannot read it: x")
            >>> report.lines()
            ['read 3  kept 2  skipped 1', 'skipped 1: unparsable, first line 3: RDKit cannot read it: x']
        """
        counts = {"read": self.read, "kept": self.kept, "skipped": sum(self.skipped.values())}
        others = {
            "duplicates": self.duplicates,
            "stereo labels dropped": self.stereo_dropped,
            "desalted": self.desalted,
        }
        counts |= {name: count for name, count in others.items() if count}
        found = ["  ".join(f"{name} {count:,}" for name, count in counts.items())]
        for reason, count in sorted(self.skipped.items(), key=lambda item: -item[1]):
            line, message = self.examples[reason][0]
            found.append(
                f"skipped {count:,}: {reason}, first{'' if line is None else f' {self.unit} {line}'}: {message}"
            )
        return found


def build(
    folder: Path,
    source: Source,
    split: SplitConfig,
    kekulized: bool,
    limits: Limits,
    desalt: bool,
    given: Vocabulary | None,
    jobs: int | None,
    progress: Callable[[int], None] | None,
) -> None:
    """Encode a source into an empty folder, with a given vocabulary or the one of its training split.

    The files are ``SPLIT.SIZE.atoms.npy`` and ``SPLIT.SIZE.bonds.npy``, for sources made of several collections
    ``SPLIT.SIZE.collections.npy``, `TABLE_FILE` with SMILES and splits, and at last `META_FILE`.

    Raises:
        MolgenError: nothing can be used, or nothing is left to train on.
    """
    scratch = folder / "spill"
    scratch.mkdir()
    spill, report = Spill(scratch), Report(unit=source.unit)
    _read(spill, report, source, kekulized, limits, desalt, jobs, progress)
    if not len(spill):
        salts = "" if desalt or "fragments" not in report.skipped else "; desalting keeps the largest component of each"
        raise MolgenError(
            f"nothing in {source.name} can be used: {report.read:,} read, skipped: {counted(report.skipped)}{salts}"
        )
    unfit = np.full(len(spill), _KEPT, dtype=np.int32)  # or the token for which a molecule is left out
    if source.atoms is not None:
        _leave_out_rare(spill, source.atoms, unfit)
    if given is None:
        _leave_out_beyond(spill, MOST_TOKENS, unfit)
    rare = unfit != _KEPT
    names = np.full(len(spill), "", dtype=object)  # pointers to few texts
    names[~rare] = assign_splits([spill.splits[i] for i in np.flatnonzero(~rare).tolist()], split)
    if not any(spill.splits):
        _move_unseen(spill, names)
    learned = _learn(spill, names == TRAIN, source.name, kekulized)
    vocabulary = given or learned
    _leave_out(spill, [token not in vocabulary.index for token in spill.tokens], unfit)
    _write_graphs(folder, spill, source, vocabulary, names, unfit == _KEPT)
    where = "the training split" if given is None else "the vocabulary of the model"
    _report_unfit(spill, report, source, unfit, rare, where)
    _write_table(folder, spill, names, unfit == _KEPT)
    shutil.rmtree(scratch)
    _count(report, spill, names, unfit == _KEPT)
    meta = {"atoms": vocabulary.atoms, "kekulized": kekulized, "report": asdict(report), "source": source.name}
    meta |= {"collections": source.collections} if source.collections else {}
    (folder / META_FILE).write_text(json.dumps(meta, indent=1))


def _read(
    spill: Spill,
    report: Report,
    source: Source,
    kekulized: bool,
    limits: Limits,
    desalt: bool,
    jobs: int | None,
    progress: Callable[[int], None] | None,
) -> None:
    """All different molecules of the source but those that it excludes."""
    excluded = set() if source.excluded is None else set(map(_key, canonical_records(source.excluded(), limits, jobs)))
    seen: set[bytes] = set()
    for line, item in encode_records(source.records(), kekulized, limits, jobs, desalt, source.refused):
        report.read += 1
        if not isinstance(item, Encoded):
            report.skip(line, *item)
        elif (key := _key(item.smiles)) in seen:
            report.duplicates += 1
        elif key in excluded:
            report.skip(line, "excluded", f"a molecule of a test set: {item.smiles}")
        else:
            seen.add(key)
            spill.append(item)
            report.stereo_dropped += item.had_stereo
            report.desalted += item.desalted
        if progress is not None and report.read % 1000 == 0:
            progress(report.read)
    spill.flush()


def _key(smiles: str) -> bytes:
    """What stands for a SMILES where millions are held in memory."""
    return blake2b(smiles.encode(), digest_size=16).digest()


def _leave_out_rare(spill: Spill, rule: AtomRule, unfit: NDArray[np.int32]) -> None:
    """Leave out molecules with atoms that the rule does not allow, until every atom left is frequent enough."""
    strange = np.array([read_token(token).GetSymbol() not in rule.elements for token in spill.tokens])
    _leave_out(spill, strange, unfit)
    while True:
        counts = _token_counts(spill, unfit == _KEPT)
        rare = (counts > 0) & (counts < rule.least)
        if not rare.any():
            return
        _leave_out(spill, rare, unfit)


def _leave_out_beyond(spill: Spill, most: int, unfit: NDArray[np.int32]) -> None:
    """Leave out molecules with atom tokens that are not among the most frequent ones."""
    counts = _token_counts(spill, unfit == _KEPT)
    if (counts > 0).sum() > most:
        rare = np.ones(len(counts), dtype=bool)
        rare[np.argsort(-counts, kind="stable")[:most]] = False
        _leave_out(spill, rare, unfit)


def _move_unseen(spill: Spill, names: Names) -> None:
    """Move to the training split the first molecule with each atom token that only held-out molecules have."""
    counts = _token_counts(spill, names == TRAIN)
    unseen = counts == 0
    if not unseen.any():
        return
    found: dict[int, set[int]] = {}
    for numbers, atoms, _ in spill.groups():
        rows = np.flatnonzero(unseen[atoms].any(1) & (names[numbers] != ""))
        found |= {int(numbers[row]): set(atoms[row][unseen[atoms[row]]].tolist()) for row in rows}
    for number in sorted(found):
        if unseen[list(found[number])].any():
            names[number] = TRAIN
            unseen[list(found[number])] = False


def _leave_out(spill: Spill, tokens: NDArray[np.bool_] | list[bool], unfit: NDArray[np.int32]) -> None:
    """Mark the molecules that hold one of some tokens with the first such token."""
    chosen = np.asarray(tokens)
    for numbers, atoms, _ in spill.groups() if chosen.any() else ():
        found = chosen[atoms]
        rows = np.flatnonzero(found.any(1) & (unfit[numbers] == _KEPT))
        unfit[numbers[rows]] = atoms[rows, found[rows].argmax(1)]


def _token_counts(spill: Spill, chosen: NDArray[np.bool_]) -> NDArray[np.int64]:
    """How often each token occurs in the chosen molecules."""
    counts = np.zeros(len(spill.tokens), dtype=np.int64)
    for numbers, atoms, _ in spill.groups():
        counts += np.bincount(atoms[chosen[numbers]].reshape(-1), minlength=len(counts))
    return counts


def _learn(spill: Spill, trained: NDArray[np.bool_], name: str, kekulized: bool) -> Vocabulary:
    """The vocabulary of the training split."""
    if not trained.any():
        raise MolgenError(f"{name} leaves no molecules to train on; use a smaller validation or test share")
    counts = zip(spill.tokens, _token_counts(spill, trained).tolist(), strict=True)
    return Vocabulary.from_counts(Counter({token: count for token, count in counts if count}), kekulized)


def _write_graphs(
    folder: Path,
    spill: Spill,
    source: Source,
    vocabulary: Vocabulary,
    names: Names,
    kept: NDArray[np.bool_],
) -> None:
    """One set of arrays per split and size."""
    categories = np.array([vocabulary.index.get(token, 0) for token in spill.tokens], dtype=np.uint8)
    origin = np.array([source.collections.index(one) for one in spill.collections if one is not None], dtype=np.uint8)
    for numbers, atoms, bonds in spill.groups():
        size = atoms.shape[1]
        for name in sorted(set(names[numbers[kept[numbers]]].tolist())):
            rows = np.flatnonzero(kept[numbers] & (names[numbers] == name))
            np.save(folder / f"{name}.{size}.atoms.npy", categories[atoms[rows]])
            np.save(folder / f"{name}.{size}.bonds.npy", bonds[rows])
            if source.collections:
                np.save(folder / f"{name}.{size}.collections.npy", origin[numbers[rows]])


def _report_unfit(
    spill: Spill, report: Report, source: Source, unfit: NDArray[np.int32], rare: NDArray[np.bool_], where: str
) -> None:
    """Count the molecules whose atoms are rare or not in the vocabulary, and name the first of them."""
    tokens = list(spill.tokens)
    for number, smiles in enumerate(spill.smiles()):
        if unfit[number] != _KEPT:
            token, line = tokens[unfit[number]], spill.lines[number]
            if rare[number]:
                report.skip(
                    line, "rare_atom", f"atom {token} is not among the frequent ones of {source.name}: {smiles}"
                )
            else:
                report.skip(line, "unknown_atom", f"atom {token} is not in {where}: {smiles}")


def _write_table(folder: Path, spill: Spill, names: Names, kept: NDArray[np.bool_]) -> None:
    """SMILES and split of what is kept, in the order of the source."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    schema = pa.schema([("smiles", pa.string()), ("split", pa.string())])
    rows: Iterator[tuple[str, str]] = (
        (smiles, str(names[number])) for number, smiles in enumerate(spill.smiles()) if kept[number]
    )
    with pq.ParquetWriter(folder / TABLE_FILE, schema, compression="zstd") as writer:
        while batch := list(islice(rows, _ROWS)):
            columns = [pa.array(list(column), pa.string()) for column in zip(*batch, strict=True)]
            writer.write_table(pa.table(columns, schema=schema))


def _count(report: Report, spill: Spill, names: Names, kept: NDArray[np.bool_]) -> None:
    report.kept = int(kept.sum())
    report.splits = dict(Counter(names[kept].tolist()))
    chosen = np.flatnonzero(kept).tolist()
    pairs = Counter((str(names[i]), one) for i in chosen if (one := spill.collections[i]) is not None)
    for (split, collection), number in sorted(pairs.items()):
        report.collections.setdefault(split, {})[collection] = number
