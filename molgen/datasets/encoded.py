"""Sets of molecules encoded once and kept: a folder of memory-mapped arrays, keyed by content and settings."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from rdkit import __version__ as rdkit_version

from molgen.chem.codec import MoleculeGraph
from molgen.chem.standardize import Limits
from molgen.chem.vocabulary import Vocabulary
from molgen.datasets.building import META_FILE, TABLE_FILE, Report, build
from molgen.datasets.sources import Source, find_source
from molgen.datasets.splits import TRAIN, SplitConfig
from molgen.errors import MolgenError
from molgen.system.files import cache_root, make_once

FORMAT = 1
"""Raised whenever the layout or the meaning of the cache changes, so that old caches are left alone."""


@dataclass(frozen=True)
class EncodedDataset:
    """A set of molecules as graphs.

    Attributes:
        path: the cache folder.
        name: of the source.
        fingerprint: identifies content and settings.
        vocabulary: learned from the training split, or given.
        report: what was read, kept and skipped.
        collection_names: of the collections that the molecules come from, where the data say so.
    """

    path: Path
    name: str
    fingerprint: str
    vocabulary: Vocabulary
    report: Report
    collection_names: tuple[str, ...] = ()

    def sizes(self, split: str) -> dict[int, int]:
        """Number of molecules by number of atoms.

        Raises:
            MolgenError: no such split, or an empty one.
        """
        counts = {
            int(file.name.split(".")[1]): len(np.load(file, mmap_mode="r"))
            for file in self.path.glob(f"{split}.*.atoms.npy")
        }
        if not counts:
            raise MolgenError(f"{self.name} has no molecules in the split {split!r}; it has {self.report.splits}")
        return dict(sorted(counts.items()))

    def arrays(self, split: str, size: int) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
        """Memory-mapped atoms ``(m, n)`` and bonds ``(m, n (n - 1) / 2)`` of the molecules with `size` atoms."""
        atoms, bonds = (np.load(self.path / f"{split}.{size}.{kind}.npy", mmap_mode="r") for kind in ("atoms", "bonds"))
        return atoms, bonds

    def collections(self, split: str, size: int) -> NDArray[np.uint8] | None:
        """Number of the collection that each molecule with `size` atoms comes from ``(m,)``, where the data say so."""
        file = self.path / f"{split}.{size}.collections.npy"
        return np.load(file, mmap_mode="r") if file.is_file() else None

    def smiles(self, split: str) -> list[str]:
        """Canonical SMILES of a split, in the order of the source.

        Raises:
            MolgenError: no such split.
        """
        import pyarrow.parquet as pq

        if split not in self.report.splits:
            raise MolgenError(f"{self.name} has no split {split!r}; it has: {', '.join(self.report.splits)}")
        table = pq.read_table(self.path / TABLE_FILE, filters=[("split", "==", split)])
        return [str(s) for s in table.column("smiles").to_pylist()]

    def graphs(self, split: str) -> Iterator[MoleculeGraph]:
        """The graphs of a split, by size."""
        for size in self.sizes(split):
            atoms, bonds = self.arrays(split, size)
            for row in range(len(atoms)):
                yield MoleculeGraph(np.array(atoms[row]), np.array(bonds[row]))

    def marginals(self) -> tuple[list[float], list[float]]:
        """Shares of the atom and of the bond categories in the training split."""
        atom_counts, bond_counts = np.zeros(len(self.vocabulary.atoms)), np.zeros(5)
        for size in self.sizes(TRAIN):
            atoms, bonds = self.arrays(TRAIN, size)
            atom_counts += np.bincount(atoms.reshape(-1), minlength=len(atom_counts))
            bond_counts += np.bincount(bonds.reshape(-1), minlength=len(bond_counts))
        if not bond_counts.any():  # every molecule is one atom
            bond_counts[0] = 1
        return (atom_counts / atom_counts.sum()).tolist(), (bond_counts / bond_counts.sum()).tolist()


def load_dataset(
    data: str | Path | Iterable[Any] | Source,
    *,
    column: str | None = None,
    split: SplitConfig | None = None,
    kekulized: bool = False,
    limits: Limits | None = None,
    desalt: bool = False,
    vocabulary: Vocabulary | None = None,
    jobs: int | None = None,
    progress: Callable[[int], None] | None = None,
) -> EncodedDataset:
    """A set of molecules, encoded now or found in the cache.

    Args:
        data: a named set, a file, or SMILES or RDKit molecules in any iterable; or a source.
        column: of a table.
        split: seed and shares of the splits.
        kekulized: write aromatic rings with alternating bonds.
        limits: largest SMILES and molecule.
        desalt: keep the largest organic component of salts and mixtures, which are left out otherwise.
        vocabulary: to encode with, instead of one learned from the training split; molecules that it does not cover are
            skipped.
        jobs: processes for encoding; by default one per core.
        progress: called with the number of records read so far.

    Raises:
        MolgenError: the set cannot be read, or nothing in it can be used.

    Example:
        >>> import molgen
        >>> dataset = molgen.load_dataset(["CCO", "OCC", "c1ccccc1", "C1CC"], split=SplitConfig(validation=0, test=0))
        >>> dataset.report.skipped, dataset.smiles("train")
        ({'unparsable': 1}, ['CCO', 'c1ccccc1'])
    """
    source = data if isinstance(data, Source) else find_source(data, column)
    split, limits = split or SplitConfig(), source.within(limits or Limits())
    settings = {
        "format": FORMAT,
        "rdkit": rdkit_version,
        "source": source.fingerprint(),
        "split": split.model_dump(),
        "kekulized": kekulized,
        "limits": asdict(limits),
        **({"desalt": True} if desalt else {}),
        **({} if vocabulary is None else {"atoms": vocabulary.atoms}),
    }
    fingerprint = hashlib.sha256(json.dumps(settings, sort_keys=True).encode()).hexdigest()[:32]
    path = cache_root() / "encoded" / fingerprint

    def make(folder: Path) -> None:
        build(folder, source, split, kekulized, limits, desalt, vocabulary, jobs, progress)

    make_once(path, META_FILE, make)
    return _open(path, source.name, fingerprint)


def _open(path: Path, name: str, fingerprint: str) -> EncodedDataset:
    try:
        meta: dict[str, Any] = json.loads((path / META_FILE).read_text())
        vocabulary = Vocabulary(tuple(meta["atoms"]), meta["kekulized"])
        names = tuple(meta.get("collections", ()))
        return EncodedDataset(path, name, fingerprint, vocabulary, Report(**meta["report"]), names)
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise MolgenError(f"the cache {path} is damaged ({error}); delete it and try again") from None
