"""One layer of the denoiser: messages between atoms, then between pairs."""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor, nn

from molgen.nn.layers import FeedForward, Modulation
from molgen.nn.message_passing import BondMessages, CompleteGraphs, LocalMessages, PairBiasedAttention, PairUpdate
from molgen.nn.pairs import PairIndex


class BondGraph(NamedTuple):
    """The bonds of noisy graphs, as edges of one graph of PyG.

    Attributes:
        edge_index: ``(2, E)`` source and target, both directions of each bond.
        pairs: ``(E,)`` where the states of their pairs stand.
    """

    edge_index: Tensor
    pairs: Tensor


class GraphLayer(nn.Module):
    """Atoms exchange messages along pairs, then pairs exchange messages along triangles; feed-forward in between.

    Time and size enter by adaptive layer norm, and every part is added to its input.

    Args:
        width: channels of atoms.
        pair_width: channels of pairs.
        heads: attention heads.
        triangle: channels of triangle products.
        condition_width: channels of the condition.
        expansion: hidden over outer channels in both feed-forward parts.
        local: operator along bonds, by name; None for none.

    Shapes:
        - **x:** ``(N, width)``
        - **edge_attr:** ``(E, pair_width)`` of the edges of `graphs`
        - **condition:** ``(B, condition_width)``
        - **output:** as `x` and `edge_attr`
    """

    def __init__(
        self,
        width: int,
        pair_width: int,
        heads: int,
        triangle: int,
        condition_width: int,
        expansion: int,
        local: str | None = None,
    ) -> None:
        super().__init__()
        self.pair_norm = Modulation(pair_width, condition_width)
        self.attention_norm = Modulation(width, condition_width)
        self.attention = PairBiasedAttention(width, pair_width, heads)
        self.messages = BondMessages(width, pair_width)
        self.local = None if local is None else LocalMessages(local, width, pair_width)
        self.feed_forward_norm = Modulation(width, condition_width)
        self.feed_forward = FeedForward(width, expansion * width)
        self.message_norm = nn.LayerNorm(width)
        self.pair_update = PairUpdate(width, pair_width, expansion * pair_width, triangle)

    def forward(
        self, x: Tensor, edge_attr: Tensor, condition: Tensor, graphs: CompleteGraphs, bonds: BondGraph | None = None
    ) -> tuple[Tensor, Tensor]:
        edges = graphs.edge_index
        pairs = self.pair_norm(edge_attr, condition, graphs.edge_batch)
        atoms = self.attention_norm(x, condition, graphs.batch)
        x = x + self.attention(atoms, edges, pairs) + self.messages(atoms, edges, pairs)
        if self.local is not None and bonds is not None:
            x = x + self.local(atoms, bonds.edge_index, pairs.index_select(0, bonds.pairs))
        x = x + self.feed_forward(self.feed_forward_norm(x, condition, graphs.batch))
        sides = graphs.sides if self.pair_update.triangle is not None else None
        return x, edge_attr + self.pair_update(self.message_norm(x), edges, pairs, sides)

    def dense(
        self, x: Tensor, pairs: Tensor, condition: Tensor, index: PairIndex, bonds: BondGraph | None = None
    ) -> tuple[Tensor, Tensor]:
        """Atoms ``(B, n, width)``, pairs ``(B, P, pair_width)``, and one condition for each molecule or one for all."""
        normed = self.pair_norm(pairs, condition)
        atoms = self.attention_norm(x, condition)
        x = x + self.attention.dense(atoms, normed, index) + self.messages.dense(atoms, normed, index)
        if self.local is not None and bonds is not None:
            bonded = normed.flatten(0, 1).index_select(0, bonds.pairs)
            x = x + self.local(atoms.flatten(0, 1), bonds.edge_index, bonded).view_as(x)
        x = x + self.feed_forward(self.feed_forward_norm(x, condition))
        return x, pairs + self.pair_update.dense(self.message_norm(x), normed, index)

    def compile_dense(self) -> None:
        """Have torch compile `dense` when it is first called."""
        self.dense = torch.compile(self.dense)  # type: ignore[method-assign]
