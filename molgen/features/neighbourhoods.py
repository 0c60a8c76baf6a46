"""Features of the neighbourhood subgraph pairwise distance kernel (NSPDK; Costa and De Grave, 2010)."""

from __future__ import annotations

import math
from collections import defaultdict

from rdkit import Chem

from molgen.features.record import MoleculeRecord

COMPLEXITY = 4
"""Largest radius and largest distance, as in GDSS and the papers after it."""

_DEPTH = 2 * COMPLEXITY  # bonds are nodes too, so every step between atoms counts twice


def nspdk(record: MoleculeRecord) -> dict[int, float]:
    """Sparse feature vector of unit length: hashed feature -> value.

    The definition is that of EDeN's ``vectorize(graphs, complexity=4, discrete=True)``, which GDSS uses on atoms
    labelled by element and bonds labelled by the whole part of their order (an aromatic bond is 1). EDeN folds
    features into 16 bits and hashes labels differently in every process, so that its values vary between runs; here
    features keep 63 bits and do not collide.
    """
    labels, neighbours = _expanded(record.mol)
    atoms = [node for node in neighbours if node >= 0]
    levels = {atom: _levels(atom, neighbours) for atom in atoms}
    views = {atom: _views(levels[atom], labels, neighbours) for atom in atoms}
    groups: dict[tuple[int, int], dict[int, float]] = defaultdict(lambda: defaultdict(float))
    for atom in atoms:
        for distance in range(0, _DEPTH + 1, 2):
            for other in levels[atom][distance] if distance < len(levels[atom]) else ():
                for radius in range(0, min(_DEPTH + 1, len(views[atom]), len(views[other])), 2):
                    first, second = sorted((views[atom][radius], views[other][radius]))
                    group = groups[radius, distance]
                    group[hash((first, second, radius, distance))] += 1
                    group[hash((views[other][radius], radius, distance))] += 1
    # Unit length within each pair of radius and distance, then over all: each group gets the same weight.
    share = 1 / math.sqrt(len(groups))
    vector: dict[int, float] = defaultdict(float)
    for group in groups.values():
        length = math.sqrt(sum(count * count for count in group.values()))
        for feature, count in group.items():
            vector[feature] += share * count / length
    return dict(vector)


def _expanded(mol: Chem.Mol) -> tuple[dict[int, int], dict[int, list[int]]]:
    """The graph with bonds as nodes of their own, numbered -1, -2, ...: labels and neighbours."""
    labels = {atom.GetIdx(): atom.GetAtomicNum() for atom in mol.GetAtoms()}
    neighbours: dict[int, list[int]] = {atom: [] for atom in labels}
    for bond in mol.GetBonds():
        node = -1 - bond.GetIdx()
        labels[node] = 1000 + int(bond.GetBondTypeAsDouble())
        neighbours[node] = [bond.GetBeginAtomIdx(), bond.GetEndAtomIdx()]
        for atom in neighbours[node]:
            neighbours[atom].append(node)
    return labels, neighbours


def _levels(root: int, neighbours: dict[int, list[int]]) -> list[list[int]]:
    """Nodes at distance 0, 1, ... of `root`, up to `_DEPTH`."""
    seen, levels = {root}, [[root]]
    while len(levels) <= _DEPTH:
        level = {node for known in levels[-1] for node in neighbours[known]} - seen
        if not level:
            break
        seen |= level
        levels.append(list(level))
    return levels


def _views(levels: list[list[int]], labels: dict[int, int], neighbours: dict[int, list[int]]) -> list[int]:
    """Running hash of the sorted labels and degrees up to each distance."""
    views, running = [], 0
    for distance, level in enumerate(levels):
        seen = tuple(sorted((labels[node], len(neighbours[node])) for node in level))
        running = hash((running, seen, distance))
        views.append(running)
    return views
