"""Generation orders and given pieces, against networkx."""

from __future__ import annotations

from collections import Counter

import networkx
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rdkit import Chem
from rdkit.Chem.Scaffolds import MurckoScaffold

from molgen.chem.bonds import BOND_INDEX
from molgen.graph.autoregressive.orders import CANONICAL, PIECES, TRAVERSAL, Orders, draw_orders


def square_of(smiles: str) -> np.ndarray:
    mol = Chem.MolFromSmiles(smiles)
    bonds = np.zeros((mol.GetNumAtoms(),) * 2, np.uint8)
    for bond in mol.GetBonds():
        i, j = bond.GetBeginAtomIdx(), bond.GetEndAtomIdx()
        bonds[i, j] = bonds[j, i] = BOND_INDEX[bond.GetBondType()]
    return bonds


def drawn(bonds: np.ndarray, name: int, number: int, first: int = 0) -> Orders:
    keys = np.arange(first, first + number, dtype=np.uint64)
    return draw_orders(bonds[None].repeat(number, 0), np.full(number, name), keys)


@st.composite
def connected(draw: st.DrawFn) -> np.ndarray:
    """Bonds of a connected graph."""
    n = draw(st.integers(1, 14))
    bonds = np.zeros((n, n), np.uint8)
    kinds = st.sampled_from([1, 1, 1, 2, 4])
    for i in range(1, n):
        parent = draw(st.integers(0, i - 1))
        bonds[i, parent] = bonds[parent, i] = draw(kinds)
    for _ in range(draw(st.integers(0, 3))):
        i, j = draw(st.integers(0, n - 1)), draw(st.integers(0, n - 1))
        if i != j:
            bonds[i, j] = bonds[j, i] = draw(kinds)
    return bonds


@given(connected(), st.integers(0, 1000))
@settings(max_examples=60, deadline=None)
def test_every_atom_comes_once_and_is_bonded_to_an_earlier_one(bonds: np.ndarray, first: int) -> None:
    n, graph = len(bonds), networkx.from_numpy_array(bonds)
    for name in (TRAVERSAL, PIECES):
        found = drawn(bonds, name, 8, first)
        for row in range(8):
            order, k = found.atoms[row].tolist(), int(found.given[row])
            assert sorted(order) == list(range(n))
            assert k == 0 if found.names[row] == TRAVERSAL else 0 < k < n
            kept = networkx.subgraph(graph, order[:k])
            pieces = list(networkx.connected_components(kept)) if k else []
            assert found.pieces[row] == len(pieces)
            starts, at = ([0] if k == 0 else []), 0
            while pieces:  # one after the other
                piece = next(part for part in pieces if order[at] in part)
                pieces.remove(piece)
                assert set(order[at : at + len(piece)]) == piece
                starts.append(at)
                at += len(piece)
            for m in range(n):
                assert m in starts or any(bonds[order[m], j] for j in order[:m])
            outside = [sum(bonds[order[m], j] > 0 for j in order[k:]) for m in range(k)]
            assert found.leaving[row].tolist() in ([-1] * n, [*outside, *[-1] * (n - k)])


def test_the_canonical_order_is_left_alone() -> None:
    found = drawn(square_of("CCO"), CANONICAL, 5)
    assert (found.atoms == np.arange(3)).all() and not found.given.any() and (found.leaving == -1).all()


def test_traversals_are_random_and_depth_first() -> None:
    found = drawn(square_of("CC(N)O"), TRAVERSAL, 4000)
    starts = Counter(found.atoms[:, 0].tolist())
    assert all(starts[atom] == pytest.approx(1000, abs=120) for atom in range(4))
    after = Counter(tuple(row) for row in found.atoms.tolist() if row[0] == 0)
    assert len(after) == 2 and after[(0, 1, 2, 3)] == pytest.approx(sum(after.values()) / 2, abs=100)


def test_orders_depend_on_their_own_key_alone() -> None:
    bonds = square_of("O=C(Nc1ccccc1)C1CCNCC1")
    whole, part = drawn(bonds, PIECES, 20), drawn(bonds, PIECES, 5, first=15)
    assert all((a[15:] == b).all() for a, b in zip(whole, part, strict=True))


def test_pieces_are_scaffolds_parts_ends_and_what_is_around_linkers() -> None:
    smiles = "CCOc1ccc(CNC(=O)C2CCN(C)CC2)cc1"
    mol, found = Chem.MolFromSmiles(smiles), drawn(square_of(smiles), PIECES, 3000)
    sets = Counter(frozenset(row[:k].tolist()) for row, k in zip(found.atoms, found.given, strict=True))
    scaffold = frozenset(mol.GetSubstructMatch(MurckoScaffold.GetScaffoldForMol(mol)))
    rings = {frozenset(ring) for ring in Chem.GetSymmSSSR(mol)}
    linked = next(iter(rings)) | frozenset().union(*rings)
    assert sets[scaffold] > 100  # with the oxygen that is bonded to it by a double bond
    assert sets[scaffold - {10}] > 100
    assert any(linked <= kept and 8 not in kept and len(kept) >= 18 - 3 for kept in sets)  # all but the linker
    said = (found.leaving >= 0).any(1).mean()
    assert said == pytest.approx(0.5, abs=0.04)
    assert found.pieces.max() >= 3 and sets.most_common(1)[0][1] < 1500
