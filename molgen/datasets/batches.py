"""Batches of molecules of one size, in an order that is a function of seed and step alone."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import count
from typing import Any, Generic, Protocol, Self, TypeVar

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.utils.data import IterableDataset, get_worker_info

from molgen.chem.vocabulary import Vocabulary
from molgen.datasets.encoded import EncodedDataset


class Batch(Protocol):
    """Molecules of one size.

    Attributes:
        examples: ``(B,)`` int64, the number of each molecule in its split.
        visit: how often the data had been gone through before; with `examples` it keys the random numbers.
    """

    @property
    def examples(self) -> Tensor:
        """See above."""

    @property
    def visit(self) -> int:
        """See above."""

    def __len__(self) -> int: ...

    def to(self, device: torch.device, non_blocking: bool = False) -> Self:
        """The batch on another device."""


B = TypeVar("B", bound=Batch, covariant=True)

Arrays = tuple[NDArray[np.integer[Any]], ...]
"""Variables of molecules of one size, one array ``(m, ...)`` per kind."""


@dataclass(frozen=True)
class GraphBatch:
    """Molecules with the same number of atoms.

    Attributes:
        atoms: ``(B, n)`` int64.
        bonds: ``(B, n (n - 1) / 2)`` int64, pairs i < j row by row.
        examples: ``(B,)`` int64, the number of each molecule in its split.
        visit: how often the data had been gone through before; with `examples` it keys the random numbers.
        collections: number of the collection that each comes from ``(B,)`` int64, where the data say so.
    """

    atoms: Tensor
    bonds: Tensor
    examples: Tensor
    visit: int
    collections: Tensor | None = None

    def __len__(self) -> int:
        return len(self.atoms)

    def to(self, device: torch.device, non_blocking: bool = False) -> GraphBatch:
        """The batch on another device."""
        atoms, bonds, examples, collections = (
            None if tensor is None else tensor.to(device, non_blocking=non_blocking)
            for tensor in (self.atoms, self.bonds, self.examples, self.collections)
        )
        assert atoms is not None and bonds is not None and examples is not None
        return GraphBatch(atoms, bonds, examples, self.visit, collections)

    def rows(self, rows: Tensor) -> GraphBatch:
        """Some of the molecules, by their places in the batch."""
        collections = None if self.collections is None else self.collections[rows]
        return GraphBatch(self.atoms[rows], self.bonds[rows], self.examples[rows], self.visit, collections)


class BatchStream(IterableDataset[B], Generic[B]):
    """An endless stream of batches, which can be entered at any step.

    Every pass goes through each molecule once, unless only a share is wanted. A batch holds molecules of one size, so
    nothing is padded; the last batch of a size may be smaller. Of several worker processes each makes the batches
    whose number leaves its own when divided by theirs, so that the order does not depend on how many there are.

    Args:
        groups: gives the arrays of the molecules by size for a visit: always the same ones, or others where molecules
            are written anew each time.
        collate: makes a batch of int64 tensors per kind, the numbers of the molecules, and the visit.
        batch_size: molecules per batch over all processes.
        seed: of the order.
        start: first step.
        passes: how many passes to give; by default without end.
        share: of so many molecules one is read, evenly over all sizes.
        rank: of this process.
        world: number of processes; each gets every `world`-th molecule of a batch.
    """

    def __init__(
        self,
        groups: Callable[[int], Mapping[int, Arrays]],
        collate: Callable[[Sequence[Tensor], Tensor, int], B],
        batch_size: int,
        *,
        seed: int = 0,
        start: int = 0,
        passes: int | None = None,
        share: int = 1,
        rank: int = 0,
        world: int = 1,
    ) -> None:
        super().__init__()
        self.groups = groups
        self.collate = collate
        self.batch_size = batch_size
        self.seed = seed
        self.start = start
        self.passes = passes
        self.share = share
        self.rank = rank
        self.world = world

    def __iter__(self) -> Iterator[B]:
        skip = self.start
        found = get_worker_info()
        worker, workers, number = (0, 1, -1) if found is None else (found.id, found.num_workers, -1)
        for visit in count() if self.passes is None else range(self.passes):
            groups = self.groups(visit)
            numbers = np.cumsum([0, *(len(arrays[0]) for arrays in groups.values())])
            first = dict(zip(groups, numbers.tolist(), strict=False))
            plan = self._plan(groups, first, visit)
            for size, rows in plan[skip:]:
                number += 1
                if number % workers != worker:
                    continue
                mine = rows[self.rank :: self.world]
                tensors = [torch.from_numpy(array[mine].astype(np.int64)) for array in groups[size]]
                yield self.collate(tensors, torch.from_numpy(mine + first[size]), visit)
            skip = max(0, skip - len(plan))

    def _plan(
        self, groups: Mapping[int, Arrays], first: Mapping[int, int], visit: int
    ) -> list[tuple[int, NDArray[np.int64]]]:
        """Sizes and rows of every batch of one pass."""
        random = np.random.Generator(np.random.Philox(key=[self.seed, visit]))
        batches = []
        for size, arrays in groups.items():
            order = random.permutation(len(arrays[0]))
            order = order[(order + first[size]) % self.share == 0]
            batches += [(size, order[i : i + self.batch_size]) for i in range(0, len(order), self.batch_size)]
        return [batches[i] for i in random.permutation(len(batches))]


def graph_arrays(dataset: EncodedDataset, split: str, size: int) -> Arrays:
    """Atoms, bonds and, where the data have them, collections of the molecules with `size` atoms."""
    collections = dataset.collections(split, size)
    return (*dataset.arrays(split, size), *(() if collections is None else (collections,)))


def graph_batches(
    dataset: EncodedDataset,
    split: str,
    batch_size: int,
    *,
    vocabulary: Vocabulary | None = None,
    prepare: Callable[[GraphBatch], B] | None = None,
    **options: Any,
) -> BatchStream[Any]:
    """A stream of graphs.

    Args:
        dataset: encoded molecules.
        split: which.
        batch_size: molecules per batch over all processes.
        vocabulary: that the atoms of batches are numbered by, which has all atoms of the data; by default theirs.
        prepare: applied to every batch where it is made, in a worker process if there is one.
        **options: of `BatchStream`.
    """
    groups = {size: graph_arrays(dataset, split, size) for size in dataset.sizes(split)}
    categories = None
    if vocabulary is not None and vocabulary != dataset.vocabulary:
        categories = torch.tensor(vocabulary.encode(dataset.vocabulary.atoms))

    def collate(kinds: Sequence[Tensor], examples: Tensor, visit: int) -> Any:
        atoms, bonds, *collections = kinds
        atoms = atoms if categories is None else categories[atoms]
        batch = GraphBatch(atoms, bonds, examples, visit, *collections)
        return batch if prepare is None else prepare(batch)

    return BatchStream(lambda _: groups, collate, batch_size, **options)
