"""Batches of graphs of one size, in an order that is a function of seed and step alone."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.utils.data import IterableDataset

from molgen.datasets.encoded import EncodedDataset


@dataclass(frozen=True)
class GraphBatch:
    """Molecules with the same number of atoms.

    Attributes:
        atoms: ``(B, n)`` int64.
        bonds: ``(B, n (n - 1) / 2)`` int64, pairs i < j row by row.
        examples: ``(B,)`` int64, the number of each molecule in its split.
        visit: how often the data had been gone through before; with `examples` it keys the random numbers.
    """

    atoms: Tensor
    bonds: Tensor
    examples: Tensor
    visit: int

    def __len__(self) -> int:
        return len(self.atoms)

    def to(self, device: torch.device, non_blocking: bool = False) -> GraphBatch:
        """The batch on another device."""
        atoms, bonds, examples = (
            tensor.to(device, non_blocking=non_blocking) for tensor in (self.atoms, self.bonds, self.examples)
        )
        return GraphBatch(atoms, bonds, examples, self.visit)


class BatchStream(IterableDataset[GraphBatch]):
    """An endless stream of batches, which can be entered at any step.

    Every pass goes through each molecule once. Each batch holds molecules of one size, so nothing is padded; the last
    batch of a size may be smaller.

    Args:
        dataset: encoded molecules.
        split: which.
        batch_size: molecules per batch over all processes.
        seed: of the order.
        start: first step.
        passes: how many passes to give; by default without end.
        rank: of this process.
        world: number of processes; each gets every `world`-th molecule of a batch.
    """

    def __init__(
        self,
        dataset: EncodedDataset,
        split: str,
        batch_size: int,
        seed: int = 0,
        *,
        start: int = 0,
        passes: int | None = None,
        rank: int = 0,
        world: int = 1,
    ) -> None:
        super().__init__()
        self.groups = {size: dataset.arrays(split, size) for size in dataset.sizes(split)}
        self.batch_size = batch_size
        self.seed = seed
        self.start = start
        self.passes = passes
        self.rank = rank
        self.world = world
        self.first = dict(zip(self.groups, np.cumsum([0, *(len(a) for a, _ in self.groups.values())]), strict=False))

    @property
    def molecules_per_pass(self) -> int:
        """Molecules in the split."""
        return sum(len(atoms) for atoms, _ in self.groups.values())

    @property
    def steps_per_pass(self) -> int:
        """Batches in one pass."""
        return sum(-(-len(atoms) // self.batch_size) for atoms, _ in self.groups.values())

    def __iter__(self) -> Iterator[GraphBatch]:
        visit, skip = divmod(self.start, self.steps_per_pass)
        while self.passes is None or visit < self.passes:
            for size, rows in self._plan(visit)[skip:]:
                yield self._batch(size, rows[self.rank :: self.world], visit)
            visit, skip = visit + 1, 0

    def _plan(self, visit: int) -> list[tuple[int, NDArray[np.int64]]]:
        """Sizes and rows of every batch of one pass."""
        random = np.random.Generator(np.random.Philox(key=[self.seed, visit]))
        batches = []
        for size, (atoms, _) in self.groups.items():
            order = random.permutation(len(atoms))
            batches += [(size, order[i : i + self.batch_size]) for i in range(0, len(order), self.batch_size)]
        return [batches[i] for i in random.permutation(len(batches))]

    def _batch(self, size: int, rows: NDArray[np.int64], visit: int) -> GraphBatch:
        atoms, bonds = self.groups[size]
        return GraphBatch(
            atoms=torch.from_numpy(atoms[rows].astype(np.int64)),
            bonds=torch.from_numpy(bonds[rows].astype(np.int64)),
            examples=torch.from_numpy(rows + self.first[size]),
            visit=visit,
        )
