"""Features of the neighbourhood subgraph pairwise distance kernel (NSPDK; Costa and De Grave, 2010)."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from molgen.features.record import MoleculeRecord

COMPLEXITY = 4
"""Largest radius and largest distance, as in GDSS and the papers after it."""

_DEPTH = 2 * COMPLEXITY  # bonds are nodes too, so every step between atoms counts twice


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
    from molgen.features.neighbourhood_kernel import distances, expanded, features, views

    mol = record.mol
    atoms = map(mol.GetAtomWithIdx, range(mol.GetNumAtoms()))  # twice as fast as mol.GetAtoms()
    elements = np.array([atom.GetAtomicNum() for atom in atoms], dtype=np.int64)
    edges = map(mol.GetBondWithIdx, range(mol.GetNumBonds()))
    bonds = [(bond.GetBeginAtomIdx(), bond.GetEndAtomIdx(), int(bond.GetBondTypeAsDouble())) for bond in edges]
    starts, neighbours, codes = expanded(elements, np.array(bonds, dtype=np.int64).reshape(-1, 3))
    found = distances(starts, neighbours, len(elements), _DEPTH)
    keys, counts, groups = features(found, views(found, codes, _DEPTH), _DEPTH)
    # Unit length within each pair of radius and distance, then over all: each group gets the same weight.
    lengths = np.sqrt(np.bincount(groups, weights=counts * counts))
    return SparseVector(keys, counts / (lengths[groups] * np.sqrt(np.count_nonzero(lengths))))
