"""What aromatic rings lack: against matchings by networkx, and against RDKit's alternating bonds."""

from __future__ import annotations

import networkx
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rdkit import Chem

from molgen.chem.valence import aromatic_valences
from molgen.chem.vocabulary import Vocabulary
from molgen.graph.autoregressive.aromatic import COUNTS, aromatic_states

ORDERS = (0, 1, 2, 3, 1)


@st.composite
def rings(draw: st.DrawFn) -> tuple[list[list[int]], list[int]]:
    """Bonds, mostly aromatic and sparse, and valences."""
    n = draw(st.integers(1, 11))
    some = st.sampled_from([0, 0, 0, 0, 4, 4, 4, 1, 2])
    bonds = [[0] * n for _ in range(n)]
    for i in range(n):
        for j in range(i):
            bonds[i][j] = bonds[j][i] = draw(some)
    return bonds, draw(st.lists(st.sampled_from([0, 2, 3, 4, 9]), min_size=n, max_size=n))


def lacking(bonds: list[list[int]], valences: list[int], m: int) -> tuple[set[int], set[int], int]:
    """Open ends, atoms that a largest matching may leave out, and how many it leaves out, by definition."""
    rows = [row[: m + 1] for row in bonds[: m + 1]]
    aromatic = {k: sum(bond == 4 for bond in row) for k, row in enumerate(rows) if valences[k]}
    open_ends = {k for k, degree in aromatic.items() if degree < 2}
    needy = [k for k, degree in aromatic.items() if valences[k] > sum(ORDERS[b] for b in rows[k]) + max(0, 2 - degree)]
    graph = networkx.Graph()
    graph.add_nodes_from(needy)
    graph.add_edges_from((i, j) for i in needy for j in needy if j < i and rows[i][j] == 4)

    def largest(nodes: list[int]) -> int:
        return len(networkx.max_weight_matching(graph.subgraph(nodes), maxcardinality=True))

    size = largest(needy)
    left_out = {k for k in needy if largest([other for other in needy if other != k]) == size}
    return open_ends, left_out, len(needy) - 2 * size


@given(rings())
@settings(max_examples=60, deadline=None)
def test_states_are_what_matchings_say(case: tuple[list[list[int]], list[int]]) -> None:
    bonds, valences = case
    n = len(valences)
    for m in range(n):
        open_ends, left_out, missing = lacking(bonds, valences, m)
        states, *counts = found(bonds, valences, m + 1)
        assert {k for k in range(m + 1) if states[k] & 1} == open_ends
        assert {k for k in range(m + 1) if states[k] & 2} == left_out
        assert counts == [min(len(open_ends), COUNTS - 1), min(missing, COUNTS - 1)]


def found(bonds: list[list[int]], valences: list[int], size: int) -> tuple[list[int], int, int]:
    """States of the first atoms, open ends and missing partners."""
    states = np.zeros(size, np.int64)
    square = np.array(bonds, dtype=np.uint8)[:size, :size]
    ends, missing = aromatic_states(square, np.array(valences)[:size], states)
    return states.tolist(), ends, missing


@pytest.mark.parametrize(
    "smiles",
    [
        "c1ccccc1",
        "c1cccc1",
        "c1cc[nH]c1",
        "c1ccnc1",
        "c1ccn(C)c1",
        "c1ccoc1",
        "c1cccsc1",
        "O=c1cccc[nH]1",
        "O=c1ccccn1",
        "c1ccc2[nH]ccc2c1",
        "c1ccc2nccc2c1",
        "c1ccc2cccc2cc1",
        "c1cc2cccc2c1",
        "[O-][n+]1ccccc1",
        "c1cc[n-]c1",
        "[nH+]1ccccc1",
    ],
)
def test_rings_lack_nothing_where_rdkit_can_write_them(smiles: str) -> None:
    mol = Chem.MolFromSmiles(smiles, sanitize=False)
    mol.UpdatePropertyCache(strict=False)
    written = Chem.MolFromSmiles(smiles) is not None
    tokens = [atom.GetSmarts() for atom in mol.GetAtoms()]
    vocabulary = Vocabulary.learn([tokens])
    n = len(tokens)
    bonds = [[0] * n for _ in range(n)]
    kinds = {Chem.BondType.SINGLE: 1, Chem.BondType.DOUBLE: 2, Chem.BondType.AROMATIC: 4}
    for bond in mol.GetBonds():
        i, j = bond.GetBeginAtomIdx(), bond.GetEndAtomIdx()
        bonds[i][j] = bonds[j][i] = kinds[bond.GetBondType()]
    usual = aromatic_valences(vocabulary)
    _, ends, missing = found(bonds, [usual[category] for category in vocabulary.encode(tokens)], n)
    assert ends == 0
    assert (missing == 0) == written
