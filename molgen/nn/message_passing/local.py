"""Messages along bonds alone, by an operator of PyG chosen by name."""

from __future__ import annotations

from collections.abc import Callable

from torch import Tensor, nn
from torch_geometric.nn import (
    CGConv,
    GATv2Conv,
    GENConv,
    GINEConv,
    MessagePassing,
    ResGatedGraphConv,
    TransformerConv,
)

from molgen.nn.layers import residual_linear

_HEADS = 4

Build = Callable[[int, int], MessagePassing]
"""Makes an operator on nodes of `width` channels and edges of `edge_width` channels that keeps the width."""


def _gine(width: int, edge_width: int) -> MessagePassing:
    return GINEConv(nn.Sequential(nn.Linear(width, width), nn.SiLU()), edge_dim=edge_width)


LOCAL_OPERATORS: dict[str, Build] = {
    "GINEConv": _gine,
    "GENConv": lambda width, edge_width: GENConv(width, width, edge_dim=edge_width, norm="layer"),
    "GATv2Conv": lambda width, edge_width: GATv2Conv(width, width, _HEADS, concat=False, edge_dim=edge_width),
    "TransformerConv": lambda width, edge_width: TransformerConv(
        width, width, _HEADS, concat=False, edge_dim=edge_width
    ),
    "ResGatedGraphConv": lambda width, edge_width: ResGatedGraphConv(width, width, edge_dim=edge_width),
    "CGConv": lambda width, edge_width: CGConv(width, edge_width),
}
"""Operators of `torch_geometric.nn` that a configuration may name. To add one, add how it is made."""


class LocalMessages(nn.Module):
    """Messages along the bonds of the noisy graph, beside attention between all atoms, as in `GPSConv` of PyG
    (Rampasek et al., 2022).

    m = W conv(x, edges), with W starting at zero.

    Args:
        name: of `LOCAL_OPERATORS`.
        width: channels of nodes.
        edge_width: channels of edges.

    Shapes:
        - **x:** ``(N, width)``
        - **edge_index:** ``(2, E)`` source and target, both directions of each bond
        - **edge_attr:** ``(E, edge_width)``
        - **output:** ``(N, width)``
    """

    def __init__(self, name: str, width: int, edge_width: int) -> None:
        super().__init__()
        self.operator = LOCAL_OPERATORS[name](width, edge_width)
        self.out = residual_linear(width, width)

    def forward(self, x: Tensor, edge_index: Tensor, edge_attr: Tensor) -> Tensor:
        return self.out(self.operator(x, edge_index, edge_attr=edge_attr))
