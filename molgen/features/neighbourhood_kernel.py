"""The compiled part of `molgen.features.neighbourhoods`: counts of the features of one graph."""

from __future__ import annotations

from typing import Any

import numpy as np

from molgen.system.compiled import compiled

_BOND, _DEGREES = 1000, 4096
"""What is added to the label of a bond, and by how much labels are apart."""


@compiled
def mixed(state: Any, value: Any) -> Any:
    """A hash of 64 bits and one more number (the finaliser of SplitMix64; Steele et al., 2014)."""
    word = (state ^ value) + np.uint64(0x9E3779B97F4A7C15)
    word = (word ^ (word >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    word = (word ^ (word >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return word ^ (word >> np.uint64(31))


@compiled
def expanded(elements: Any, bonds: Any) -> Any:
    """A molecule as a graph with bonds as nodes behind the atoms.

    Args:
        elements: of the atoms ``(atoms,)``.
        bonds: two atoms and the whole part of the order of each ``(bonds, 3)``.

    Returns:
        Where the neighbours of each node begin ``(nodes + 1,)``, one node's neighbours after the other's, and a code
        of label and degree of each node ``(nodes,)``.
    """
    atoms, count = len(elements), len(bonds)
    degrees = np.full(atoms + count, 2)
    degrees[:atoms] = 0
    for bond in range(count):
        degrees[bonds[bond, 0]] += 1
        degrees[bonds[bond, 1]] += 1
    starts = np.zeros(atoms + count + 1, np.int64)
    starts[1:] = np.cumsum(degrees)
    codes, filled, neighbours = np.empty(len(degrees), np.uint64), starts.copy(), np.empty(4 * count, np.int64)
    for atom in range(atoms):
        codes[atom] = elements[atom] * _DEGREES + degrees[atom]
    for bond in range(count):
        node = atoms + bond
        codes[node] = (_BOND + bonds[bond, 2]) * _DEGREES + 2
        for end in range(2):
            atom = bonds[bond, end]
            neighbours[filled[atom]], neighbours[starts[node] + end] = node, atom
            filled[atom] += 1
    return starts, neighbours, codes


@compiled
def distances(starts: Any, neighbours: Any, atoms: int, depth: int) -> Any:
    """Distances of nodes from atoms ``(atoms, nodes)``, by breadth-first search; -1 beyond `depth`.

    Args:
        starts: where the neighbours of each node begin ``(nodes + 1,)``.
        neighbours: one node's after the other's.
        atoms: the first nodes.
        depth: largest distance.
    """
    nodes = len(starts) - 1
    found = np.full((atoms, nodes), -1, np.int64)
    queue = np.empty(nodes, np.int64)
    for root in range(atoms):
        found[root, root], queue[0], first, last = 0, root, 0, 1
        while first < last:
            node = queue[first]
            first += 1
            if found[root, node] == depth:
                continue
            for i in range(starts[node], starts[node + 1]):
                if found[root, neighbours[i]] < 0:
                    found[root, neighbours[i]] = found[root, node] + 1
                    queue[last] = neighbours[i]
                    last += 1
    return found


@compiled
def views(found: Any, codes: Any, depth: int) -> Any:
    """Hash of all codes up to each distance from each atom ``(atoms, depth + 1)``; 0 where there is no node so far.

    Args:
        found: from `distances`.
        codes: of the nodes ``(nodes,)``; of those at one distance the order does not count.
        depth: largest distance.
    """
    atoms, nodes = found.shape
    hashes = np.zeros((atoms, depth + 1), np.uint64)
    here = np.empty(nodes, np.uint64)
    for root in range(atoms):
        running = np.uint64(0)
        for distance in range(depth + 1):
            count = 0
            for node in range(nodes):
                if found[root, node] == distance:  # insertion sort: there are few
                    at = count
                    while at > 0 and here[at - 1] > codes[node]:
                        here[at] = here[at - 1]
                        at -= 1
                    here[at] = codes[node]
                    count += 1
            if count == 0:
                break
            running = mixed(running, np.uint64(distance))
            for code in here[:count]:
                running = mixed(running, code)
            hashes[root, distance] = running | np.uint64(1)
    return hashes


@compiled
def features(found: Any, hashes: Any, depth: int) -> Any:
    """Features of all pairs of atoms: keys ``(n,)``, counts ``(n,)``, and the group of radius and distance of each.

    Args:
        found: from `distances`.
        hashes: from `views`.
        depth: largest radius and distance; only even ones count, since every other node is a bond.
    """
    atoms, steps = len(found), depth // 2 + 1
    size, most = 64, 2 * steps * np.sum(found[:, :atoms] >= 0)
    while size < 2 * most:
        size *= 2
    counts = np.zeros(size, np.int64)  # a slot without a count has no key and no group
    keys, groups = np.empty(size, np.uint64), np.empty(size, np.int64)
    for first in range(atoms):
        for second in range(atoms):
            distance = found[first, second]
            if distance < 0:
                continue
            for radius in range(0, depth + 1, 2):
                one, other = hashes[first, radius], hashes[second, radius]
                if one == 0 or other == 0:
                    break
                group = radius // 2 * steps + distance // 2
                pair = mixed(mixed(mixed(np.uint64(1 + group), min(one, other)), max(one, other)), np.uint64(2))
                single = mixed(mixed(np.uint64(1 + group), other), np.uint64(1))
                for word in (pair, single):
                    key = (word >> np.uint64(1)) | np.uint64(1)
                    slot = key & np.uint64(size - 1)
                    while counts[slot] > 0 and keys[slot] != key:
                        slot = (slot + np.uint64(1)) & np.uint64(size - 1)
                    keys[slot], groups[slot] = key, group
                    counts[slot] += 1
    at = np.nonzero(counts)[0]
    return keys[at].astype(np.int64), counts[at], groups[at]
