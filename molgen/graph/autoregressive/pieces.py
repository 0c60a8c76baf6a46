"""Pieces of molecules, drawn at random: what is given of a molecule in training, the rest being generated.

All functions work on one graph as a square of bond categories, with a random state of one unsigned 64-bit number.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from molgen.system.compiled import compiled

Bonds = NDArray[np.uint8]
Mask = NDArray[np.bool_]
RandomState = NDArray[np.uint64]

_SINGLE, _DOUBLE = 1, 2
_SCAFFOLD, _CUT, _LINKER = 0.25, 0.6, 0.8
"""Cumulative shares of the ways to draw pieces; the rest are random connected subgraphs."""


@compiled
def next_random(state: RandomState) -> np.uint64:
    """The next number of splitmix64 (Steele, Lea and Flood, 2014)."""
    state[0] += np.uint64(0x9E3779B97F4A7C15)
    x = state[0]
    x = (x ^ (x >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    x = (x ^ (x >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return x ^ (x >> np.uint64(31))


@compiled
def below(state: RandomState, n: int) -> int:
    """A random number from 0 to n - 1."""
    return int(next_random(state) >> np.uint64(33)) % n


@compiled
def uniform(state: RandomState) -> float:
    """A random number in [0, 1)."""
    return np.int64(next_random(state) >> np.uint64(11)) * 2.0**-53


@compiled
def draw_pieces(bonds: Bonds, state: RandomState) -> Mask:
    """Which atoms are given: at least one, and not all.

    Murcko scaffolds (with or without atoms bonded to them by double bonds), components that are left when one to three
    acyclic single bonds are cut, everything but the linker between two such bonds, random connected subgraphs.

    Args:
        bonds: of a graph of at least two atoms ``(n, n)``.
        state: random state.
    """
    kind = uniform(state)
    if kind < _SCAFFOLD:
        kept = _scaffold(bonds, state)
    elif kind < _CUT:
        kept = _components(bonds, state)
    elif kind < _LINKER:
        kept = _without_linker(bonds, state)
    else:
        kept = _subgraphs(bonds, state)
    if kept.all() or not kept.any():
        kept = _subgraphs(bonds, state)
    return kept


@compiled
def _scaffold(bonds: Bonds, state: RandomState) -> Mask:
    """What is left when atoms with one neighbour are taken away again and again."""
    n = len(bonds)
    kept = np.ones(n, np.bool_)
    changed = True
    while changed:
        changed = False
        for i in range(n):
            if kept[i]:
                degree = 0
                for j in range(n):
                    degree += kept[j] and bonds[i, j] > 0
                if degree < 2:
                    kept[i] = False
                    changed = True
    if uniform(state) < 0.5:
        core = kept.copy()
        for i in range(n):
            for j in range(n):
                if core[j] and bonds[i, j] == _DOUBLE:
                    kept[i] = True
    return kept


@compiled
def component(bonds: Bonds, start: int) -> Mask:
    """The atoms that can be reached from one."""
    n = len(bonds)
    found = np.zeros(n, np.bool_)
    stack = np.empty(n, np.int64)
    stack[0], depth = start, 1
    found[start] = True
    while depth:
        depth -= 1
        i = stack[depth]
        for j in range(n):
            if bonds[i, j] and not found[j]:
                found[j] = True
                stack[depth] = j
                depth += 1
    return found


@compiled
def _cut(bonds: Bonds, wanted: int, state: RandomState) -> tuple[Bonds, NDArray[np.int64], int]:
    """Bonds without some random acyclic single ones, these ``(wanted, 2)``, and their number.

    Bonds at the ends of chains are drawn half as often: what they cut off is one atom.
    """
    n = len(bonds)
    rest = bonds.copy()
    cuts = np.zeros((wanted, 2), np.int64)
    first, second, keys = np.empty(2 * n, np.int64), np.empty(2 * n, np.int64), np.empty(2 * n, np.float64)
    number = 0
    for i in range(n):
        for j in range(i):
            if bonds[i, j] == _SINGLE and number < 2 * n:
                rest[i, j] = rest[j, i] = 0
                if not component(rest, i)[j]:
                    end = np.count_nonzero(bonds[i]) == 1 or np.count_nonzero(bonds[j]) == 1
                    first[number], second[number] = i, j
                    keys[number] = uniform(state) * (0.5 if end else 1.0)
                    number += 1
                rest[i, j] = rest[j, i] = bonds[i, j]
    found = min(wanted, number)
    for c in range(found):
        best = np.argmax(keys[:number])
        i, j = first[best], second[best]
        keys[best] = -1.0
        rest[i, j] = rest[j, i] = 0
        cuts[c, 0], cuts[c, 1] = i, j
    return rest, cuts, found


@compiled
def _components(bonds: Bonds, state: RandomState) -> Mask:
    """Some of the components after cutting one to three bonds: at least one, and not all."""
    n = len(bonds)
    rest, _, found = _cut(bonds, 1 + below(state, 3), state)
    kept, seen = np.zeros(n, np.bool_), np.zeros(n, np.bool_)
    if found == 0:
        return kept
    left, wanted = found + 1, 1 + below(state, found)  # components still to choose from, and to be kept of them
    for i in range(n):
        if not seen[i]:
            part = component(rest, i)
            seen |= part
            if left > 0 and below(state, left) < wanted:
                kept |= part
                wanted -= 1
            left -= 1
    return kept


@compiled
def _without_linker(bonds: Bonds, state: RandomState) -> Mask:
    """All but the component between two cut bonds."""
    n = len(bonds)
    rest, cuts, found = _cut(bonds, 2, state)
    if found < 2:
        return np.zeros(n, np.bool_)
    for side in range(2):
        middle = component(rest, cuts[0, side])
        if middle[cuts[1, 0]] or middle[cuts[1, 1]]:
            return ~middle
    return np.zeros(n, np.bool_)


@compiled
def _subgraphs(bonds: Bonds, state: RandomState) -> Mask:
    """One to three random connected subgraphs; at least one atom is left."""
    n = len(bonds)
    kept = np.zeros(n, np.bool_)
    number = 1 + below(state, 3)
    taken = 0
    for _ in range(number):
        size = 1 + below(state, max(1, n // number))
        free = np.flatnonzero(~kept)
        atom = free[below(state, len(free))]
        for _ in range(size):
            if taken == n - 1:
                return kept
            kept[atom] = True
            taken += 1
            choices = 0
            for j in range(n):
                if not kept[j]:
                    for i in range(n):
                        if kept[i] and bonds[i, j]:
                            choices += 1
                            if below(state, choices) == 0:
                                atom = j
                            break
            if choices == 0:
                break
    return kept
