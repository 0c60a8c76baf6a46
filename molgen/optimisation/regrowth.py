"""Parts of good molecules that are kept, for a model to grow the rest anew."""

from __future__ import annotations

from collections.abc import Collection

import networkx as nx
import numpy as np
from numpy.typing import NDArray
from rdkit import Chem

from molgen.chem.bonds import BOND_INDEX
from molgen.constraints.fragment import Fragment, part_of
from molgen.graph.autoregressive.pieces import draw_pieces

_CUT, _FEW = 0.35, 0.3
"""Shares of molecules that are cut at one bond, and that lose a few atoms."""
_LARGER = 0.8
"""Share of those cut that keep the larger side."""
_MOST_LOST = 5
_DRAWS = 8
_LEAST, _MOST = 0.3, 0.9


def random_part(smiles: str, draw: np.random.Generator, within: Fragment | None = None) -> Fragment | None:
    """A random part of a molecule, so that a model may grow the rest anew.

    About a third of the time the molecule is cut at a single bond that is in no ring, and one side stays, mostly the
    larger one, so that a substituent or half of the molecule is replaced. As often it loses one to five connected
    atoms, in rings or not, so that a ring may change. Else pieces stay, drawn as
    `molgen.graph.autoregressive.pieces` does.

    Args:
        smiles: canonical.
        draw: randomness.
        within: a fragment that is kept in any case.

    Returns:
        The part, as it is in the molecule; None where nothing can be taken away.

    Example:
        >>> part = random_part("CCOc1ccccc1", np.random.default_rng(0))
        >>> part.contained_in("CCOc1ccccc1")
        True
    """
    mol = Chem.MolFromSmiles(smiles)
    atoms = mol.GetNumAtoms()
    fixed = () if within is None else within.find(mol)
    if atoms < 3 or fixed is None:
        return None
    kind, kept = draw.random(), None
    if kind < _CUT:
        kept = _side(mol, draw)
    elif kind < _CUT + _FEW:
        kept = _without_a_few(mol, fixed, draw)
    if kept is None:
        kept = _pieces(mol, draw)
    kept[list(fixed)] = True
    return None if kept.all() else part_of(mol, np.flatnonzero(kept).tolist())


def _side(mol: Chem.Mol, draw: np.random.Generator) -> NDArray[np.bool_] | None:
    """Atoms on one side of a random single bond that is in no ring; None where there is none."""
    bonds = [bond for bond in mol.GetBonds() if bond.GetBondType() == Chem.BondType.SINGLE and not bond.IsInRing()]
    if not bonds:
        return None
    bond = bonds[draw.integers(len(bonds))]
    begin, end = bond.GetBeginAtomIdx(), bond.GetEndAtomIdx()
    graph = nx.Graph((one.GetBeginAtomIdx(), one.GetEndAtomIdx()) for one in mol.GetBonds())
    graph.remove_edge(begin, end)
    kept = np.zeros(mol.GetNumAtoms(), np.bool_)
    kept[list(nx.node_connected_component(graph, begin))] = True
    larger = kept if 2 * kept.sum() >= len(kept) else ~kept
    return larger if draw.random() < _LARGER else ~larger


def _without_a_few(mol: Chem.Mol, fixed: Collection[int], draw: np.random.Generator) -> NDArray[np.bool_]:
    """All atoms but some connected ones, in rings or not, none of those that are fixed."""
    kept = np.ones(mol.GetNumAtoms(), np.bool_)
    edge = [int(draw.choice(free))] if (free := sorted(set(range(len(kept))) - set(fixed))) else []
    for _ in range(int(draw.integers(1, min(_MOST_LOST, len(kept) - 1) + 1))):
        if not edge:
            break
        atom = edge.pop(int(draw.integers(len(edge))))
        kept[atom] = False
        around = [one.GetIdx() for one in mol.GetAtomWithIdx(atom).GetNeighbors()]
        edge += [one for one in around if kept[one] and one not in fixed and one not in edge]
    return kept


def _pieces(mol: Chem.Mol, draw: np.random.Generator) -> NDArray[np.bool_]:
    """Atoms of random pieces; mostly many."""
    atoms = mol.GetNumAtoms()
    bonds = np.zeros((atoms, atoms), np.uint8)
    for bond in mol.GetBonds():
        i, j = bond.GetBeginAtomIdx(), bond.GetEndAtomIdx()
        bonds[i, j] = bonds[j, i] = BOND_INDEX[bond.GetBondType()]
    state = draw.integers(0, 2**63, 1).astype(np.uint64)
    wanted, kept = draw.uniform(_LEAST, _MOST), np.zeros(atoms, np.bool_)
    for _ in range(_DRAWS):
        found = draw_pieces(bonds, state)
        kept = found if found.sum() > kept.sum() else kept
        if kept.mean() >= wanted:
            break
    return kept
