"""Generation orders: which atom of a molecule comes first, which next, and which are given.

- canonical: as the molecule is written, by default; or in blocks of some atoms, each in a random order inside.
- traversal: depth first from a random atom, at random.
- pieces: first the atoms of some connected pieces, one piece after the other, each traversed like that; then the rest.

In the last two the molecule is renumbered by the order, so that places say nothing of the canonical order.
"""

from __future__ import annotations

from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from molgen.graph.autoregressive.pieces import (
    Bonds,
    Mask,
    RandomState,
    below,
    component,
    draw_pieces,
    uniform,
)
from molgen.system.compiled import compiled

OrderName = Literal["canonical", "traversal", "pieces"]
ORDER_NAMES: tuple[OrderName, ...] = ("canonical", "traversal", "pieces")
CANONICAL, TRAVERSAL, PIECES = range(len(ORDER_NAMES))


class Orders(NamedTuple):
    """Drawn generation orders of molecules of n atoms.

    Attributes:
        names: index in `ORDER_NAMES` ``(B,)``: traversal for a molecule of one atom, which has no pieces.
        atoms: the atom that comes at each step ``(B, n)``.
        given: number of atoms that are given ``(B,)``; they come first.
        pieces: number of connected pieces that they form ``(B,)``.
        leaving: of each atom in that order, the number of bonds from a given one to those that are not, where that is
            an input of the model, and -1 elsewhere, ``(B, n)``.
    """

    names: NDArray[np.int64]
    atoms: NDArray[np.int64]
    given: NDArray[np.int64]
    pieces: NDArray[np.int64]
    leaving: NDArray[np.int64]


def draw_orders(bonds: Bonds, names: NDArray[np.int64], keys: NDArray[np.uint64]) -> Orders:
    """Draw generation orders.

    Args:
        bonds: categories ``(B, n, n)``, symmetric.
        names: indices in `ORDER_NAMES` ``(B,)``.
        keys: of the randomness of each molecule ``(B,)``.
    """
    return Orders(*_draw(bonds, names, keys))


@compiled
def _draw(
    bonds: Bonds, wanted: NDArray[np.int64], keys: NDArray[np.uint64]
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    rows, n, _ = bonds.shape
    names = wanted.copy()
    atoms = np.zeros((rows, n), np.int64)
    given, pieces = np.zeros(rows, np.int64), np.zeros(rows, np.int64)
    leaving = np.full((rows, n), -1, np.int64)
    state = np.zeros(1, np.uint64)
    for b in range(rows):
        state[0] = keys[b]
        if names[b] == PIECES and n == 1:
            names[b] = TRAVERSAL
        if names[b] == CANONICAL:
            atoms[b] = np.arange(n)
            continue
        left = np.ones(n, np.bool_)
        count = 0
        if names[b] == PIECES:
            kept = draw_pieces(bonds[b], state)
            count, pieces[b] = _place_pieces(bonds[b], kept, left, atoms[b], state)
            given[b] = count
            if uniform(state) < 0.5:
                for k in range(count):
                    leaving[b, k] = 0
                    for j in range(n):
                        leaving[b, k] += bonds[b, atoms[b, k], j] > 0 and not kept[j]
        while count < n:
            start = _next_start(bonds[b], left, state)
            count = _walk(bonds[b], start, left, atoms[b], count, state)
    return names, atoms, given, pieces, leaving


@compiled
def _place_pieces(
    bonds: Bonds, kept: Mask, left: Mask, atoms: NDArray[np.int64], state: RandomState
) -> tuple[int, int]:
    """Put the given atoms first, piece after piece in a random order. Returns the numbers of atoms and of pieces."""
    inside = bonds.copy()
    for i in range(len(kept)):
        if not kept[i]:
            inside[i] = 0
            inside[:, i] = 0
    free = kept.copy()
    count = pieces = 0
    while free.any():
        places = np.flatnonzero(free)
        start = places[below(state, len(places))]
        piece = component(inside, start)
        within = piece.copy()
        count = _walk(inside, start, within, atoms, count, state)
        free &= ~piece
        pieces += 1
    left &= ~kept
    return count, pieces


@compiled
def _next_start(bonds: Bonds, left: Mask, state: RandomState) -> int:
    """A random atom left that is bonded to one already placed, or any atom left where there is none."""
    n = len(left)
    bonded = other = 0
    first = second = -1
    for i in range(n):
        if left[i]:
            touches = False
            for j in range(n):
                touches |= bonds[i, j] > 0 and not left[j]
            if touches:
                bonded += 1
                if below(state, bonded) == 0:
                    first = i
            else:
                other += 1
                if below(state, other) == 0:
                    second = i
    return first if bonded else second


@compiled
def _walk(bonds: Bonds, start: int, left: Mask, atoms: NDArray[np.int64], count: int, state: RandomState) -> int:
    """Place the atoms left that can be reached through atoms left, depth first at random. Returns the new count."""
    n = len(left)
    stack = np.empty(n, np.int64)
    stack[0], depth = start, 1
    left[start] = False
    atoms[count] = start
    count += 1
    while depth:
        i = stack[depth - 1]
        choices, chosen = 0, -1
        for j in range(n):
            if left[j] and bonds[i, j]:
                choices += 1
                if below(state, choices) == 0:
                    chosen = j
        if choices == 0:
            depth -= 1
            continue
        left[chosen] = False
        atoms[count] = chosen
        count += 1
        stack[depth] = chosen
        depth += 1
    return count
