"""Conversion of typed graphs to PyG `Data` and networkx graphs, and back."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from molgen.chem.bonds import BOND_NAMES
from molgen.chem.codec import MoleculeGraph, pair_position
from molgen.chem.vocabulary import Vocabulary
from molgen.errors import MolgenError

if TYPE_CHECKING:
    import networkx
    from torch_geometric.data import Data


def graph_to_data(graph: MoleculeGraph) -> Data:
    """PyG graph with each bond in both directions.

    Returns:
        `Data` with ``x (n,)`` atom categories, ``edge_index (2, 2 m)`` and ``edge_attr (2 m,)`` bond categories,
        all int64, edges sorted by source then target.
    """
    import torch
    from torch_geometric.data import Data
    from torch_geometric.utils import to_undirected

    first, second = np.triu_indices(len(graph.atoms), 1)
    present = np.flatnonzero(graph.bonds)
    edge_index = torch.from_numpy(np.stack([first[present], second[present]]))
    edge_attr = torch.from_numpy(graph.bonds[present].astype(np.int64))
    edge_index, edge_attr = to_undirected(edge_index, edge_attr, num_nodes=len(graph.atoms), reduce="max")
    x = torch.from_numpy(graph.atoms.astype(np.int64))
    return Data(x=x, edge_index=edge_index, edge_attr=edge_attr, num_nodes=len(x))


def data_to_graph(data: Data) -> MoleculeGraph:
    """Inverse of `graph_to_data`; a bond may be given in one direction or in both.

    Raises:
        MolgenError: a self-loop, or two directions of one bond that disagree.
    """
    n = int(data.num_nodes or 0)
    bonds = np.zeros(n * (n - 1) // 2, dtype=np.uint8)
    for (i, j), category in zip(data.edge_index.t().tolist(), data.edge_attr.tolist(), strict=True):
        _put(bonds, i, j, n, category)
    return MoleculeGraph(data.x.numpy().astype(np.uint8), bonds)


def graph_to_networkx(graph: MoleculeGraph, vocabulary: Vocabulary) -> networkx.Graph:
    """networkx graph with node attribute ``atom`` (token) and edge attribute ``bond`` (name)."""
    import networkx

    result = networkx.Graph()
    for i, category in enumerate(graph.atoms.tolist()):
        result.add_node(i, atom=vocabulary.atoms[category])
    first, second = np.triu_indices(len(graph.atoms), 1)
    for pair in np.flatnonzero(graph.bonds):
        result.add_edge(int(first[pair]), int(second[pair]), bond=BOND_NAMES[graph.bonds[pair]])
    return result


def networkx_to_graph(graph: networkx.Graph, vocabulary: Vocabulary) -> MoleculeGraph:
    """Inverse of `graph_to_networkx`; atoms keep the order of the nodes.

    Raises:
        MoleculeError: an atom token outside the vocabulary.
        MolgenError: an unknown bond name, a missing attribute or a self-loop.
    """
    position = {node: i for i, node in enumerate(graph.nodes)}
    n = len(position)
    try:
        tokens = [graph.nodes[node]["atom"] for node in graph.nodes]
        named = [(position[a], position[b], attributes["bond"]) for a, b, attributes in graph.edges(data=True)]
    except KeyError as error:
        raise MolgenError(f"networkx graph lacks the attribute {error.args[0]!r}") from None
    bonds = np.zeros(n * (n - 1) // 2, dtype=np.uint8)
    for i, j, name in named:
        if name not in BOND_NAMES:
            raise MolgenError(f"unknown bond {name!r}; known: {', '.join(BOND_NAMES)}")
        _put(bonds, i, j, n, BOND_NAMES.index(name))
    return MoleculeGraph(np.array(vocabulary.encode(tokens), dtype=np.uint8), bonds)


def _put(bonds: np.ndarray, i: int, j: int, n: int, category: int) -> None:
    if i == j:
        raise MolgenError(f"atom {i} is bonded to itself")
    pair = pair_position(i, j, n)
    if bonds[pair] not in (0, category):
        raise MolgenError(f"the two directions of the bond {i}-{j} disagree")
    bonds[pair] = category
