"""Messages between pairs of atoms that share an atom."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch_geometric.nn import MessagePassing

from molgen.nn.pairs import PairIndex, to_square


class TriangleUpdate(MessagePassing):
    r"""Messages between pairs, summed over the triangles that a pair is a side of.

    .. math::
        t_{ij} = \mathrm{LayerNorm} \left( \sum_k a_{ik} \odot b_{kj} + b_{ik} \odot a_{kj} \right)

    with a and b linear in e. Triangles are how the state of a pair can depend on rings (Jumper et al., AlphaFold 2,
    2021, algorithm 11, made symmetric). Message passing on the graph whose nodes are pairs: a message runs from (i, k)
    to (i, j), and (k, j) is the state of the edge between them.

    Args:
        pair_width: channels of pairs.
        channels: channels of the products.

    Shapes:
        - **edge_attr:** ``(E, pair_width)``
        - **triangles:** ``(3, T)`` positions of the edges (i, k), (k, j), (i, j), as from `triangles`
        - **output:** ``(E, channels)``
    """

    def __init__(self, pair_width: int, channels: int) -> None:
        super().__init__(aggr="sum", node_dim=0)
        self.channels = channels
        self.legs = nn.Linear(pair_width, 2 * channels)
        self.norm = nn.LayerNorm(channels)

    def forward(self, edge_attr: Tensor, triangles: Tensor) -> Tensor:
        legs = self.legs(edge_attr)
        first, second, third = triangles
        both = self.propagate(torch.stack([first, third]), legs=legs, side=legs.index_select(0, second))
        return self.norm(both)

    def message(self, legs_j: Tensor, side: Tensor) -> Tensor:
        """a and b of (i, k) and of (k, j), ``(T, 2 channels)`` each -> ``(T, channels)``, to be summed at (i, j)."""
        a_ik, b_ik = legs_j.chunk(2, dim=-1)
        a_kj, b_kj = side.chunk(2, dim=-1)
        return a_ik * b_kj + b_ik * a_kj

    def dense(self, pairs: Tensor, index: PairIndex) -> Tensor:
        """Pairs ``(B, P, pair_width)`` -> ``(B, P, channels)``."""
        batch, n = len(pairs), index.first.shape[1]
        square = to_square(self.legs(pairs), index).transpose(1, 2).reshape(batch, 2, self.channels, n, n)
        product = (square[:, 0] @ square[:, 1]).reshape(batch, self.channels, n * n)
        both = product.index_select(-1, index.upper) + product.index_select(-1, index.lower)
        return self.norm(both.transpose(1, 2))


def triangles(edge_index: Tensor, num_nodes: int) -> Tensor:
    """Triangles of a graph: positions ``(3, T)`` of the edges (i, k), (k, j) and (i, j), for all that are there.

    Args:
        edge_index: ``(2, E)``, no edge twice; loops count, so in a complete graph of n nodes with loops T is n^3.
        num_nodes: nodes of the graph.

    Example:
        >>> import torch
        >>> triangles(torch.tensor([[0, 1, 0], [1, 2, 2]]), 3).tolist()
        [[0], [1], [2]]
    """
    source, target = edge_index
    keys, order = torch.sort(source * num_nodes + target)
    degree = torch.bincount(source, minlength=num_nodes)
    start = degree.cumsum(0) - degree
    onward = degree[target]  # edges that leave where an edge ends
    first = torch.repeat_interleave(onward)
    within = torch.arange(len(first), device=first.device) - (onward.cumsum(0) - onward)[first]
    second = order[start[target[first]] + within]
    wanted = source[first] * num_nodes + target[second]
    place = torch.searchsorted(keys, wanted).clamp(max=max(len(keys) - 1, 0))
    found = keys[place] == wanted
    return torch.stack([first, second, order[place]])[:, found]
