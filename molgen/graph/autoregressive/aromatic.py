"""Aromatic rings under way: which atoms still have to find a partner for a double bond, and which rings are open.

An aromatic system can be written with alternating bonds if and only if those of its atoms that need a double bond can
be paired along its bonds: a perfect matching. How far a graph is from one, and which atoms the missing partners can
be joined to, is what decides which ring may be closed and where a hetero atom has to stand.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from molgen.chem.bonds import BOND_NAMES, LEAST_ORDERS
from molgen.system.compiled import compiled

STATES = 4
"""Of an atom: 1 if it is aromatic with fewer than two aromatic bonds, plus 2 if it may be one that lacks a partner."""
COUNTS = 8
"""Of open ends and of missing partners: 0 to 6, then more."""

AROMATIC = BOND_NAMES.index("aromatic")
_ORDERS = np.array(LEAST_ORDERS)
_PRIME = 2_147_483_647


@compiled
def aromatic_states(
    bonds: NDArray[np.uint8], valences: NDArray[np.int64], states: NDArray[np.int64]
) -> tuple[int, int]:
    """What the aromatic rings of one partial graph of m atoms lack.

    Args:
        bonds: categories ``(m, m)``, symmetric.
        valences: usual valence of each atom if it is aromatic, less the hydrogens that it states; 0 if it is not;
            ``(m,)``.
        states: of each atom, 0 to `STATES` - 1, are written here ``(m,)``.

    Returns:
        Numbers of open ends and of missing partners, less than `COUNTS`.
    """
    m = len(valences)
    index = np.zeros(m, np.int64)
    needy = ends = 0
    for k in range(m):
        states[k] = 0
        if valences[k] == 0:
            continue
        taken = aromatic = 0
        for j in range(m):
            taken += _ORDERS[bonds[k, j]]
            aromatic += bonds[k, j] == AROMATIC
        if aromatic < 2:
            states[k] = 1
            ends += 1
        if valences[k] - taken - max(0, 2 - aromatic) > 0:
            index[needy] = k
            needy += 1
    kernel = _kernel(bonds, index[:needy])
    for number in range(needy):
        states[index[number]] += 2 * (kernel[number] != 0)
    return min(ends, COUNTS - 1), min(kernel[needy], COUNTS - 1)


@compiled
def _kernel(bonds: NDArray[np.uint8], atoms: NDArray[np.int64]) -> NDArray[np.int64]:
    """A vector of the kernel of the Tutte matrix of some atoms, and last the kernel's dimension.

    With unknowns as entries the dimension is the number of atoms that a largest matching leaves out (Lovasz, 1979), and
    the kernel reaches those that some largest matching leaves out. Numbers modulo a prime stand for the unknowns, which
    goes wrong with a probability of about size / prime.
    """
    k = len(atoms)
    matrix = np.zeros((k, k), np.int64)
    for i in range(k):
        for j in range(i):
            if bonds[atoms[i], atoms[j]] == AROMATIC:
                seed = 48_271 * (i * k + j + 1) % _PRIME  # one of its own for every pair, however many atoms
                value = (seed * seed % _PRIME * seed + 12_820_163) % (_PRIME - 1) + 1
                matrix[i, j], matrix[j, i] = value, _PRIME - value
    pivots = np.full(k, -1, np.int64)
    rank = 0
    for column in range(k):
        row = rank
        while row < k and matrix[row, column] == 0:
            row += 1
        if row == k:
            continue
        for j in range(k):
            matrix[row, j], matrix[rank, j] = matrix[rank, j], matrix[row, j]
        inverse = _power(matrix[rank, column], _PRIME - 2)
        for j in range(column, k):
            matrix[rank, j] = matrix[rank, j] * inverse % _PRIME
        for i in range(k):
            factor = matrix[i, column]
            if i != rank and factor != 0:
                for j in range(column, k):
                    matrix[i, j] = (matrix[i, j] - factor * matrix[rank, j]) % _PRIME
        pivots[column] = rank
        rank += 1
    vector = np.zeros(k + 1, np.int64)
    vector[k] = k - rank
    for column in range(k):
        if pivots[column] < 0:
            weight = (7_919 * (column + 1) ** 3 + 104_729) % (_PRIME - 1) + 1
            vector[column] = weight
            for other in range(k):
                if pivots[other] >= 0:
                    vector[other] = (vector[other] - weight * matrix[pivots[other], column]) % _PRIME
    return vector


@compiled
def _power(base: int, exponent: int) -> int:
    result = 1
    while exponent:
        if exponent & 1:
            result = result * base % _PRIME
        base = base * base % _PRIME
        exponent >>= 1
    return result
