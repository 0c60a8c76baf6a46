"""Features of the neighbourhood subgraph pairwise distance kernel (NSPDK; Costa and De Grave, 2010)."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from rdkit import Chem

from molgen.features.record import MoleculeRecord

COMPLEXITY = 4
"""Largest radius and largest distance, as in GDSS and the papers after it."""

_DEPTH = 2 * COMPLEXITY  # bonds are nodes too, so every step between atoms counts twice
_BOND, _LABELS = 1000, 4096


class SparseVector(NamedTuple):
    """A sparse vector: keys ``(n,)``, all different, and values ``(n,)``."""

    keys: NDArray[np.int64]
    values: NDArray[np.float64]


def nspdk(record: MoleculeRecord) -> SparseVector:
    """Feature vector of unit length; keys are hashes of features.

    The definition is that of EDeN's ``vectorize(graphs, complexity=4, discrete=True)``, which GDSS uses on atoms
    labelled by element and bonds labelled by the whole part of their order (an aromatic bond is 1). EDeN folds
    features into 16 bits and hashes labels differently in every process, so that its values vary between runs; here
    features keep 62 bits and do not collide.

    Example:
        >>> vector = nspdk(MoleculeRecord("CCO"))
        >>> round(float(vector.values @ vector.values), 9)
        1.0
    """
    from molgen.features.neighbourhood_kernel import distances, features, views

    starts, neighbours, codes = _expanded(record.mol)
    found = distances(starts, neighbours, record.mol.GetNumAtoms(), _DEPTH)
    keys, counts, groups = features(found, views(found, codes, _DEPTH), _DEPTH)
    # Unit length within each pair of radius and distance, then over all: each group gets the same weight.
    lengths = np.sqrt(np.bincount(groups, weights=counts * counts))
    return SparseVector(keys, counts / (lengths[groups] * np.sqrt(np.count_nonzero(lengths))))


def _expanded(mol: Chem.Mol) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.uint64]]:
    """The graph with bonds as nodes behind the atoms.

    Returns:
        Where the neighbours of each node begin ``(nodes + 1,)``, one node's neighbours after the other's, and a code
        of label and degree ``(nodes,)``.
    """
    labels = [atom.GetAtomicNum() for atom in mol.GetAtoms()]
    neighbours: list[list[int]] = [[] for _ in labels]
    for bond in mol.GetBonds():
        ends = [bond.GetBeginAtomIdx(), bond.GetEndAtomIdx()]
        for atom in ends:
            neighbours[atom].append(len(labels))
        labels.append(_BOND + int(bond.GetBondTypeAsDouble()))
        neighbours.append(ends)
    degrees = [len(each) for each in neighbours]
    codes = np.array(labels, dtype=np.uint64) * np.uint64(_LABELS) + np.array(degrees, dtype=np.uint64)
    starts = np.concatenate([[0], np.cumsum(degrees)]).astype(np.int64)
    return starts, np.array([node for each in neighbours for node in each], dtype=np.int64), codes
