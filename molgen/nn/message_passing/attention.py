"""Attention between atoms, biased by the states of their pairs."""

from __future__ import annotations

from torch import Tensor, nn
from torch_geometric.nn import MessagePassing
from torch_geometric.utils import softmax

from molgen.nn.layers import residual_linear
from molgen.nn.pairs import PairIndex, to_square


class PairBiasedAttention(MessagePassing):
    r"""Messages between all atoms, weighted by a softmax to which each pair adds a bias.

    .. math::
        x'_i = W_o \sum_{j \in N(i)} \mathrm{softmax}_j \left( \frac{q_i \cdot k_j}{\sqrt{d}} + b(e_{ji}) \right) v_j

    for each head, with q, k, v linear in x and b linear in e. DiGress multiplies q and k channel by channel; here they
    are real dot products, as in Graphormer (Ying et al., 2021).

    Args:
        width: channels of atoms.
        pair_width: channels of pairs.
        heads: attention heads; must divide `width`.

    Shapes:
        - **x:** ``(N, width)``
        - **edge_index:** ``(2, E)`` source and target
        - **edge_attr:** ``(E, pair_width)``
        - **output:** ``(N, width)``
    """

    def __init__(self, width: int, pair_width: int, heads: int) -> None:
        super().__init__(aggr="sum", node_dim=0)
        self.heads = heads
        self.qkv = nn.Linear(width, 3 * width)
        self.bias = nn.Linear(pair_width, heads, bias=False)
        self.out = residual_linear(width, width)

    def forward(self, x: Tensor, edge_index: Tensor, edge_attr: Tensor) -> Tensor:
        q, k, v = self.qkv(x).view(len(x), 3, self.heads, -1).unbind(1)
        message = self.propagate(edge_index, q=q * q.shape[-1] ** -0.5, k=k, v=v, bias=self.bias(edge_attr))
        return self.out(message.flatten(1))

    def message(self, q_i: Tensor, k_j: Tensor, v_j: Tensor, bias: Tensor, index: Tensor, size_i: int) -> Tensor:
        """``(E, heads, d)`` and the biases ``(E, heads)`` -> ``(E, heads, d)``, to be summed at each target."""
        weight = softmax((q_i * k_j).sum(-1) + bias, index, num_nodes=size_i)
        return weight.unsqueeze(-1) * v_j

    def dense(self, x: Tensor, pairs: Tensor, index: PairIndex) -> Tensor:
        """Atoms ``(B, n, width)`` and pairs ``(B, P, pair_width)`` -> ``(B, n, width)``."""
        batch, n, width = x.shape
        q, k, v = self.qkv(x).view(batch, n, 3, self.heads, width // self.heads).permute(2, 0, 3, 1, 4)
        bias = to_square(self.bias(pairs), index).view(batch, n, n, self.heads).permute(0, 3, 1, 2)
        scores = (q * (width // self.heads) ** -0.5) @ k.transpose(-1, -2) + bias
        message = scores.softmax(-1) @ v
        return self.out(message.transpose(1, 2).reshape(batch, n, width))
