"""New states of pairs from their atoms and triangles."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch_geometric.nn import MessagePassing

from molgen.nn.layers import residual_linear
from molgen.nn.message_passing.triangle_update import TriangleUpdate, triangles
from molgen.nn.pairs import PairIndex


class PairUpdate(MessagePassing):
    r"""New state of a pair from its own, its two atoms' and its triangles'.

    .. math::
        e'_{ij} = W_o \, \mathrm{SiLU} \left( W_e e_{ij} + W_x (x_i + x_j) + W_p (p(x_i) \odot p(x_j)) + W_t t_{ij}
        \right)

    with p linear and t of `TriangleUpdate`. Symmetric in i and j, so both directions of a pair stay equal. Nothing is
    aggregated at atoms: it uses `edge_updater` and `edge_update` of PyG.

    Args:
        width: channels of atoms.
        pair_width: channels of pairs.
        hidden: channels between.
        triangle: channels of the triangle products; 0 leaves them out.

    Shapes:
        - **x:** ``(N, width)``
        - **edge_index:** ``(2, E)`` source and target
        - **edge_attr:** ``(E, pair_width)``
        - **sides:** ``(3, T)`` of `triangles`; computed from the edges where left out
        - **output:** ``(E, pair_width)``
    """

    def __init__(self, width: int, pair_width: int, hidden: int, triangle: int) -> None:
        super().__init__(aggr=None)
        self.own = nn.Linear(pair_width, hidden)
        self.atoms = nn.Linear(width, hidden)
        self.product = nn.Linear(width, 2 * triangle if triangle else pair_width)
        self.product_out = nn.Linear(self.product.out_features, hidden, bias=False)
        self.triangle = TriangleUpdate(pair_width, triangle) if triangle else None
        self.triangle_out = nn.Linear(triangle, hidden, bias=False) if triangle else None
        self.activation = nn.SiLU()
        self.out = residual_linear(hidden, pair_width)

    def forward(self, x: Tensor, edge_index: Tensor, edge_attr: Tensor, sides: Tensor | None = None) -> Tensor:
        own = self.own(edge_attr)
        if self.triangle is not None and self.triangle_out is not None:
            sides = triangles(edge_index, len(x)) if sides is None else sides
            own = own + self.triangle_out(self.triangle(edge_attr, sides))
        return self.edge_updater(edge_index, own=own, atom=self.atoms(x), factor=self.product(x))

    def edge_update(self, own: Tensor, atom_i: Tensor, atom_j: Tensor, factor_i: Tensor, factor_j: Tensor) -> Tensor:
        """What the pair itself gives ``(E, hidden)``, and what its two atoms give -> ``(E, pair_width)``."""
        hidden = own + atom_i + atom_j + self.product_out(factor_i * factor_j)
        return self.out(self.activation(hidden))

    def dense(self, x: Tensor, pairs: Tensor, index: PairIndex) -> Tensor:
        """Atoms ``(B, n, width)`` and pairs ``(B, P, pair_width)`` -> ``(B, P, pair_width)``."""
        factor = self.product(x)
        parts, weights = (
            [pairs, torch.mul(*(index.ends.to(factor.dtype) @ factor).chunk(2, dim=1))],
            [self.own.weight, self.product_out.weight],
        )
        if self.triangle is not None and self.triangle_out is not None:
            parts.append(self.triangle.dense(pairs, index))
            weights.append(self.triangle_out.weight)
        # One product of all parts side by side: a sum of products would pass several times over the largest tensors.
        hidden = nn.functional.linear(torch.cat(parts, dim=-1), torch.cat(weights, dim=1), self.own.bias)
        ends = (index.first + index.second).to(hidden.dtype).expand(len(x), -1, -1)
        hidden = torch.baddbmm(hidden, ends, self.atoms(x))
        return self.out(self.activation(hidden))
