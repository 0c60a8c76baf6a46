"""Teacher forcing: all that the network reads and predicts of known molecules, made in one go."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any, Self

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from molgen.graph.autoregressive.partial_graph import RELATIONS, Array, Features, PartialGraph


@dataclass(frozen=True)
class TeacherForcing:
    """A batch of molecules of up to n atoms in generation order, with all that the network reads of them.

    Attributes:
        sizes: numbers of atoms of the whole molecules ``(B,)``; what concerns atoms beyond has no meaning.
        atoms: their categories ``(B, n)``.
        places: of the atoms ``(B, n)``.
        features: at each moment; what concerns atoms not there yet has no meaning.
        neighbours: of each atom among those before it, last place first, ``(B, n, R)``; 0 beyond their number.
        bonds: categories of the bonds to them ``(B, n, R)``; 0 beyond their number.
        around: relation of each of those neighbours to all atoms just before the atom is added ``(B, n, R, n)``.
        order: index of the generation order ``(B,)``.
        given: number of atoms that are given, which are not predicted ``(B,)``.
        properties: values ``(B, P)``.
        known: which of them are not withheld ``(B, P)``.
        examples: number of each molecule in its split ``(B,)``.
        visit: how often the data had been gone through before.
    """

    sizes: Tensor
    atoms: Tensor
    places: Tensor
    features: Features[Tensor]
    neighbours: Tensor
    bonds: Tensor
    around: Tensor
    order: Tensor
    given: Tensor
    properties: Tensor
    known: Tensor
    examples: Tensor
    visit: int = 0

    def __len__(self) -> int:
        return len(self.atoms)

    def to(self, device: torch.device, non_blocking: bool = False) -> Self:
        """The batch on another device."""
        return self._each(lambda part: part.to(device, non_blocking=non_blocking))

    def repeated(self, rows: int) -> Self:
        """The only molecule of the batch so many times."""
        return self._each(lambda part: part.expand(rows, *part.shape[1:]))

    def _each(self, change: Callable[[Tensor], Tensor]) -> Self:
        parts: dict[str, Any] = {name: change(part) for name, part in vars(self).items() if isinstance(part, Tensor)}
        return replace(self, **parts, features=Features(*map(change, self.features)))


def teacher_forcing(
    atoms: Array,
    bonds: NDArray[np.uint8],
    places: Array,
    valences: Array,
    *,
    sizes: Array | None = None,
    order: Array | None = None,
    given: Array | None = None,
    pieces: Array | None = None,
    leaving: Array | None = None,
    properties: Tensor | None = None,
    known: Tensor | None = None,
    examples: Tensor | None = None,
    visit: int = 0,
) -> TeacherForcing:
    """Add the atoms of molecules one after the other and keep what is read after each.

    Args:
        atoms: categories in generation order ``(B, n)``.
        bonds: categories ``(B, n, n)``, symmetric, in generation order.
        places: of the atoms ``(B, n)``.
        valences: of each atom category, as in `aromatic_states`.
        sizes: numbers of atoms of the whole molecules ``(B,)``; by default n.
        order: index of the generation order ``(B,)``; by default canonical.
        given: see `PartialGraph`; as are pieces and leaving.
        pieces: see there.
        leaving: see there.
        properties: values ``(B, P)``; by default none.
        known: which are not withheld ``(B, P)``.
        examples: number of each molecule ``(B,)``.
        visit: how often the data had been gone through before.
    """
    rows, n = atoms.shape
    order, given = (np.zeros(rows, np.int64) if part is None else part for part in (order, given))
    neighbours, kinds = _neighbours(bonds, places)
    graph = PartialGraph(rows, n, given, pieces, leaving)
    squares = [np.zeros((rows, n, n), np.uint8) for _ in range(4)]
    counts = [np.zeros((rows, n), np.uint8) for _ in range(4)]
    squares[0][:] = RELATIONS - 1
    around = np.full((rows, n, neighbours.shape[2], n), RELATIONS - 1, np.uint8)
    own = valences[atoms]
    for m in range(n):
        if m:
            around[:, m, :, :m] = graph.relations(neighbours[:, m])
        graph.add(own[:, m], bonds[:, m, :m])
        now = graph.features()
        for square, codes in zip(squares, now[:4], strict=True):
            square[:, m, : m + 1] = codes[:, 0]
        for count, code in zip(counts, now[4:], strict=True):
            count[:, m] = code[:, 0]
    empty = torch.zeros(rows, 0)
    return TeacherForcing(
        sizes=torch.full((rows,), n) if sizes is None else torch.from_numpy(sizes),
        atoms=torch.from_numpy(atoms),
        places=torch.from_numpy(places),
        features=Features(*map(torch.from_numpy, (*squares, *counts))),
        neighbours=torch.from_numpy(neighbours),
        bonds=torch.from_numpy(kinds),
        around=torch.from_numpy(around),
        order=torch.from_numpy(order),
        given=torch.from_numpy(given),
        properties=empty if properties is None else properties,
        known=empty.bool() if known is None else known,
        examples=torch.arange(rows) if examples is None else examples,
        visit=visit,
    )


def together(batches: Sequence[TeacherForcing]) -> TeacherForcing:
    """Batches of molecules of several sizes as one."""
    n, neighbours = max(len(batch.atoms[0]) for batch in batches), max(batch.bonds.shape[2] for batch in batches)
    shapes = {"atoms": (n,), "places": (n,), "neighbours": (n, neighbours), "bonds": (n, neighbours)}
    shapes["around"] = (n, neighbours, n)
    parts: dict[str, Any] = {
        name: torch.cat([_padded(getattr(batch, name), shapes.get(name, part.shape[1:])) for batch in batches])
        for name, part in vars(batches[0]).items()
        if isinstance(part, Tensor)
    }
    features = Features(
        *(
            torch.cat([_padded(part, (n,) * (part.dim() - 1)) for part in of_one_kind])
            for of_one_kind in zip(*(batch.features for batch in batches), strict=True)
        )
    )
    return replace(batches[0], **parts, features=features)


def _padded(part: Tensor, shape: Sequence[int]) -> Tensor:
    """Of rows, with zeros up to a shape."""
    ahead = [amount for wanted, size in zip(shape, part.shape[1:], strict=True) for amount in (wanted - size, 0)]
    return nn.functional.pad(part, ahead[::-1])


def _neighbours(bonds: NDArray[np.uint8], places: Array) -> tuple[Array, Array]:
    """Neighbours of each atom among those before it, last place first, and the categories of the bonds to them."""
    earlier = np.tril(bonds, -1)
    by_place = np.where(earlier > 0, places[:, None, :] + 1, 0)
    most = max(1, int((earlier > 0).sum(2).max()))
    index = np.argsort(-by_place, axis=2, kind="stable")[:, :, :most]
    kinds = np.take_along_axis(earlier, index, 2).astype(np.int64)
    return np.where(kinds > 0, index, 0), kinds
