"""Messages along typed pairs, summed."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch_geometric.nn import MessagePassing

from molgen.nn.layers import residual_linear
from molgen.nn.pairs import PairIndex, to_square


class BondMessages(MessagePassing):
    r"""Messages from all atoms, multiplied channel by channel with the state of the pair, and summed.

    .. math::
        x'_i = W_o \sum_{j \in N(i)} u(e_{ji}) \odot v(x_j)

    with u and v linear (a continuous filter, as in SchNet, Schütt et al., 2017). A sum, unlike attention, can count:
    from it the network can learn the valence that the bonds of an atom use.

    Args:
        width: channels of atoms.
        pair_width: channels of pairs and of messages.

    Shapes:
        - **x:** ``(N, width)``
        - **edge_index:** ``(2, E)`` source and target
        - **edge_attr:** ``(E, pair_width)``
        - **output:** ``(N, width)``
    """

    def __init__(self, width: int, pair_width: int) -> None:
        super().__init__(aggr="sum")
        self.pair = nn.Linear(pair_width, pair_width)
        self.atom = nn.Linear(width, pair_width)
        nn.init.ones_(self.atom.bias)  # so that a message starts as the pair's own state
        self.out = residual_linear(pair_width, width)

    def forward(self, x: Tensor, edge_index: Tensor, edge_attr: Tensor) -> Tensor:
        return self.out(self.propagate(edge_index, atom=self.atom(x), pair=self.pair(edge_attr)))

    def message(self, atom_j: Tensor, pair: Tensor) -> Tensor:
        """``(E, pair_width)`` each -> ``(E, pair_width)``, to be summed at each target."""
        return pair * atom_j

    def dense(self, x: Tensor, pairs: Tensor, index: PairIndex) -> Tensor:
        """Atoms ``(B, n, width)`` and pairs ``(B, P, pair_width)`` -> ``(B, n, width)``."""
        batch, n, _ = x.shape
        square = to_square(self.pair(pairs), index).view(batch, n, n, -1)
        return self.out(torch.sum(square * self.atom(x).unsqueeze(1), 2))
