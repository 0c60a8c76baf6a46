"""Reference sets: splits of a set of molecules, with cached features."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Container, Iterable, Mapping, Sequence
from functools import cached_property, partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from rdkit import __version__ as rdkit_version

from molgen.datasets import SOURCES, load_dataset, moses
from molgen.datasets.splits import TEST, TRAIN
from molgen.errors import MolgenError, UsageError
from molgen.evaluation.columns import Bits, Column, MeanVector, Numbers, Words, load_column, save_column
from molgen.evaluation.distances import mean_discrepancy
from molgen.evaluation.fcd import Moments, cached_moments
from molgen.evaluation.folded import FoldedVector
from molgen.evaluation.hashed import HashedStrings, digest_of
from molgen.evaluation.reference_file import read_reference
from molgen.evaluation.sample import examine
from molgen.features import FEATURES
from molgen.features.neighbourhoods import SparseVector
from molgen.io import read_smiles
from molgen.system.files import cache_root
from molgen.system.progress import Stage
from molgen.system.shipped import shipped_path

TEST_SCAFFOLDS = "test_scaffolds"

SUBSET = "train subset"
"""The random molecules of the training split that GuacaMol compares with."""

SUBSET_SIZE = 10_000
"""How many, where there are so many; also GuacaMol's number of samples."""

_UNWRITTEN = ("bits", "vector")
"""Columns for which reference molecules are read once, since their values do not depend on the order of atoms: two
thirds of the work of reading also what RDKit writes of them, as is done of attempts."""

Progress = Stage
"""Called with a label and the number of molecules done."""


def silent(label: str, done: int) -> None:
    """No progress."""


class Reference:
    """Splits of a set of molecules, with cached columns of their features.

    Args:
        name: shown in results.
        splits: functions that give the SMILES of each split. Novelty refers to ``train``, distances to ``test``.
        shipped: folder of precomputed statistics, if any. A file with a ``digest`` is used for SMILES that have it.
        stereo: whether attempts keep their stereo labels when they are compared, as in the original MOSES and
            GuacaMol code. Sets that molgen reads have no labels, so attempts are compared without.
        titles: what a split is called in notes, with the article that it needs; by default "the training split" and so
            on.
        notes: what a reader of the metrics has to know of the set.
    """

    def __init__(
        self,
        name: str,
        splits: dict[str, Callable[[], Sequence[str]]],
        shipped: Path | None = None,
        *,
        stereo: bool = True,
        titles: Mapping[str, str] | None = None,
        notes: Sequence[str] = (),
    ) -> None:
        self.name = name
        self.stereo = stereo
        self.notes = tuple(notes)
        self._titles = {TRAIN: "the training split", TEST: "the test split", **(titles or {})}
        self._loaders, self._shipped = dict(splits), shipped
        if TRAIN in splits:
            self._loaders[SUBSET] = lambda: _subset(self.smiles(TRAIN))
        self._smiles: dict[str, list[str]] = {}
        self._columns: dict[tuple[str, str], Column] = {}
        self._digests: dict[str, str] = {}
        self._stored: dict[str, dict[str, NDArray[np.generic]]] = {}

    @property
    def splits(self) -> tuple[str, ...]:
        """Names of the splits."""
        return tuple(self._loaders)

    def title(self, split: str) -> str:
        """Number of molecules and name of a split, for notes: ``400 molecules of own.smi``."""
        return f"{len(self.smiles(split)):,} molecules of {self._titles.get(split, split)}"

    def smiles(self, split: str) -> list[str]:
        """SMILES of a split, as the set writes them.

        Raises:
            MolgenError: there is no such split.
        """
        if split not in self._loaders:
            raise MolgenError(f"{self.name} has no split {split!r}; it has: {', '.join(self.splits)}")
        if split not in self._smiles:
            self._smiles[split] = list(self._loaders[split]())
        return self._smiles[split]

    def prepare(self, split: str, features: Iterable[str], jobs: int | None, progress: Progress = silent) -> None:
        """Compute the missing features of a split in one pass and store them in the user's cache."""
        wanted = [name for name in dict.fromkeys(features) if not self._known(split, name)]
        if not wanted:
            return
        label = f"{self.name} {split}, once"
        again = not all(FEATURES[name].column_type in _UNWRITTEN for name in wanted)
        sample = examine(
            self.smiles(split),
            wanted,
            verdicts=False,
            again=again,
            jobs=jobs,
            progress=lambda n: progress(label, n),
        )
        for name in wanted:
            self._columns[split, name] = sample.columns[name]
            save_column(sample.columns[name], self._path(split, name))

    def _known(self, split: str, feature: str) -> bool:
        if (split, feature) in self._columns or feature in self._statistics(split):
            return True
        column = load_column(feature, self._path(split, feature))
        if column is not None:
            self._columns[split, feature] = column
        return column is not None

    def _path(self, split: str, feature: str) -> Path:
        return cache_root() / "references" / self._digest(split) / f"{feature}.rdkit-{rdkit_version}.npz"

    def _digest(self, split: str) -> str:
        if split not in self._digests:
            self._digests[split] = digest_of(self.smiles(split))
        return self._digests[split]

    def _statistics(self, split: str) -> dict[str, NDArray[np.generic]]:
        """Shipped statistics of a split, by feature; empty if they were made from other SMILES, as of another RDKit."""
        if split not in self._stored:
            path = self._shipped / f"{split}.npz" if self._shipped is not None else None
            found: dict[str, NDArray[np.generic]] = {}
            if path is not None and path.is_file():
                with np.load(path, allow_pickle=False) as stored:
                    found = dict(stored)
            same = "digest" not in found or str(found["digest"]) == self._digest(split)
            self._stored[split] = found if same else {}
        return self._stored[split]

    def numbers(self, split: str, feature: str) -> NDArray[np.float64]:
        """Values of a feature ``(n,)``; call `prepare` first."""
        stored = self._statistics(split)
        if feature in stored:  # sorted, as differences of millionths
            return np.cumsum(stored[feature], dtype=np.int64) / 1e6
        column = self._columns[split, feature]
        assert isinstance(column, Numbers)
        return column.values

    def counts(self, split: str, feature: str) -> Counter[str]:
        """How often each string of a feature occurs; call `prepare` first."""
        stored = self._statistics(split)
        if feature in stored:
            names = stored[feature].tobytes().decode().split("\n")
            return Counter(dict(zip(names, stored[f"{feature}_counts"].tolist(), strict=True)))
        column = self._columns[split, feature]
        assert isinstance(column, Words)
        return column.counts()

    def vocabulary(
        self, split: str, features: Sequence[str], jobs: int | None, progress: Progress = silent
    ) -> list[Container[str]]:
        """For each feature the set of strings that a split has, computed once where no hashes of them are shipped."""
        stored = self._statistics(split)
        self.prepare(split, [name for name in features if f"{name}_hashes" not in stored], jobs, progress)
        return [
            HashedStrings(stored[f"{name}_hashes"]) if f"{name}_hashes" in stored else self.counts(split, name)
            for name in features
        ]

    def bits(self, split: str, feature: str) -> NDArray[np.uint64]:
        """Fingerprints ``(n, words)``; call `prepare` first."""
        column = self._columns[split, feature]
        assert isinstance(column, Bits)
        return column.words

    def discrepancy(self, split: str, feature: str, other: SparseVector) -> float:
        """Squared distance of a mean to that of a split, of the sparse vectors of a feature; call `prepare` first.

        Args:
            split: of the reference.
            feature: whose values are sparse vectors.
            other: mean of the sample, its keys ascending.
        """
        stored = self._statistics(split)
        if feature in stored:
            return FoldedVector.from_arrays(stored, feature).discrepancy(other)
        column = self._columns[split, feature]
        assert isinstance(column, MeanVector)
        return mean_discrepancy(column.mean(), other)

    def moments(self, split: str, progress: Progress = silent) -> Moments:
        """Moments of the ChemNet activations of a split."""
        stored = self._statistics(split)
        if "mean" in stored:
            upper = np.zeros((512, 512))
            upper[np.triu_indices(512)] = stored["covariance"]
            return Moments(stored["mean"].astype(np.float64), upper + np.triu(upper, 1).T)
        return cached_moments(self.smiles(split), lambda n: progress(f"ChemNet on {self.name} {split}, once", n))

    def contains(self, smiles: Sequence[str], verbatim: bool = False) -> NDArray[np.bool_]:
        """Which strings are in the training split ``(n,)``.

        Args:
            smiles: canonical, without stereo.
            verbatim: compare only with the strings of the set itself, as the original MOSES code does, and not also
                with the canonical SMILES of today's RDKit.
        """
        keys = self._verbatim_keys if verbatim else self._keys
        return np.isin(_hashes(smiles), keys)

    @cached_property
    def _verbatim_keys(self) -> NDArray[np.uint64]:
        return np.unique(_hashes(self.smiles(TRAIN)))

    @cached_property
    def _keys(self) -> NDArray[np.uint64]:
        """Hashes of the strings of the set and, where today's RDKit writes a molecule differently, of that too."""
        rewritten = self._statistics(TRAIN).get("rewritten")
        if rewritten is None:
            return self._verbatim_keys
        return np.union1d(self._verbatim_keys, _hashes(rewritten.tobytes().decode().split("\n")))


def _subset(smiles: Sequence[str]) -> list[str]:
    """GuacaMol's choice of training molecules: numpy's legacy generator, seed 42."""
    size = min(SUBSET_SIZE, len(smiles))
    chosen = np.random.RandomState(42).choice(len(smiles), size, replace=False)
    return [smiles[i] for i in chosen]


def reference_of(train: Sequence[str], test: Sequence[str] | None = None, name: str = "reference") -> Reference:
    """Lists of canonical SMILES as reference: novelty against `train`, the rest against `test`."""
    splits: dict[str, Callable[[], Sequence[str]]] = {TRAIN: lambda: train}
    if test is not None:
        splits[TEST] = lambda: test
    return Reference(name, splits, stereo=False)


def _hashes(smiles: Sequence[str]) -> NDArray[np.uint64]:
    """64-bit hashes: among a million strings against two million, one false match in ten million runs."""
    from pandas.util import hash_array

    return np.asarray(hash_array(np.array(smiles, dtype=object), categorize=False), dtype=np.uint64)


def find_reference(
    data: str | Path | Iterable[Any],
    column: str | None = None,
    jobs: int | None = None,
    progress: Progress = silent,
    *,
    test: str | Path | Iterable[Any] | None = None,
    salts: bool = False,
) -> Reference:
    """A named set, a file or molecules, as reference.

    The splits of ``moses`` are read as its authors wrote them; other named sets are standardised as for training. A
    file is one set: novelty is counted against all of it, and distances are to all of it, or to all of `test`.

    Args:
        data: ``moses``, ``qm9``, a file, or SMILES or RDKit molecules in any iterable.
        column: of a table, in both files.
        jobs: processes for reading.
        progress: called with what is being read and how far.
        test: a second file or other molecules, to which distances are computed.
        salts: keep the largest organic component of each record of a file.

    Raises:
        UsageError: a second file with a named set.
        MolgenError: there is no such set, or it has not been fetched.
    """
    if isinstance(data, str) and data in SOURCES:
        if test is not None or column is not None:
            raise UsageError(f"{data} is a named set with splits and columns of its own; give a file")
        return _named(data, jobs, progress)
    found = {
        split: read_reference(given, column, salts=salts, jobs=jobs, progress=progress)
        for split, given in ((TRAIN, data), (TEST, test))
        if given is not None
    }
    found.setdefault(TEST, found[TRAIN])
    return Reference(
        found[TRAIN].name,
        {split: partial(list, read.smiles) for split, read in found.items()},
        stereo=False,
        titles={split: "the reference" if test is None else read.name for split, read in found.items()},
        notes=list(dict.fromkeys(note for read in found.values() for note in read.notes())),
    )


def _named(name: str, jobs: int | None, progress: Progress) -> Reference:
    if name == "moses":
        if not moses.FILES.available():
            raise MolgenError("moses is not here yet; run: molgen data fetch moses")
        return Reference(
            name,
            {split: partial(_read_moses, split) for split in (TRAIN, TEST, TEST_SCAFFOLDS)},
            shipped_path("references", "moses"),
            stereo=False,
        )
    dataset = load_dataset(name, jobs=jobs, progress=lambda n: progress(f"reading {name}", n))
    splits = [split for split, size in dataset.report.splits.items() if size]
    loaders: dict[str, Callable[[], Sequence[str]]] = {split: partial(dataset.smiles, split) for split in splits}
    return Reference(dataset.name, loaders, shipped_path("references", name), stereo=False)


def _read_moses(split: str) -> list[str]:
    return [text for _, text in read_smiles(moses.split_path(split), "SMILES")]
