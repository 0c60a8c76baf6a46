"""One round of message passing between atoms along typed pairs, and of pairs along triangles."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from molgen.nn.layers import FeedForward, Modulation, residual_linear
from molgen.nn.message_passing.local import LocalMessages
from molgen.nn.pairs import PairIndex, to_square


class AtomAttention(nn.Module):
    """Messages between all atoms; the state of the pair decides how much passes.

    m_i = sum_j softmax_j(q_i . k_j / sqrt(d) + b(e_ij)) v_j, with real dot products (DiGress multiplies channels).

    Args:
        width: channels of atoms.
        pair_width: channels of pairs.
        heads: attention heads; must divide `width`.
    """

    def __init__(self, width: int, pair_width: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.qkv = nn.Linear(width, 3 * width)
        self.bias = nn.Linear(pair_width, heads, bias=False)
        self.out = residual_linear(width, width)

    def forward(self, h: Tensor, e: Tensor, index: PairIndex) -> Tensor:
        """Atoms ``(B, n, width)`` and pairs ``(B, P, pair_width)`` -> ``(B, n, width)``."""
        batch, n, width = h.shape
        q, k, v = self.qkv(h).view(batch, n, 3, self.heads, width // self.heads).permute(2, 0, 3, 1, 4)
        bias = to_square(self.bias(e), index).view(batch, n, n, self.heads).permute(0, 3, 1, 2)
        scores = (q * (width // self.heads) ** -0.5) @ k.transpose(-1, -2) + bias
        message = scores.softmax(-1) @ v
        return self.out(message.transpose(1, 2).reshape(batch, n, width))


class BondMessages(nn.Module):
    """Messages along typed pairs, summed: m_i = sum_j u(e_ij) * v(h_j), channel by channel.

    A sum, unlike attention, can count: an atom learns its valence from it.

    Args:
        width: channels of atoms.
        pair_width: channels of pairs and of messages.
    """

    def __init__(self, width: int, pair_width: int) -> None:
        super().__init__()
        self.pair = nn.Linear(pair_width, pair_width)
        self.atom = nn.Linear(width, pair_width)
        nn.init.ones_(self.atom.bias)  # so that a message starts as the pair's own state
        self.out = residual_linear(pair_width, width)

    def forward(self, h: Tensor, e: Tensor, index: PairIndex) -> Tensor:
        """Atoms ``(B, n, width)`` and pairs ``(B, P, pair_width)`` -> ``(B, n, width)``."""
        batch, n, _ = h.shape
        pairs = to_square(self.pair(e), index).view(batch, n, n, -1)
        return self.out((pairs * self.atom(h).unsqueeze(1)).sum(2))


class TriangleUpdate(nn.Module):
    """Messages between pairs that share an atom: t_ij = sum_k a_ik b_kj + b_ik a_kj, channel by channel.

    Triangles are how a pair learns of rings (Jumper et al., AlphaFold 2, 2021, algorithm 11, made symmetric).

    Args:
        pair_width: channels of pairs.
        channels: channels of the products.
    """

    def __init__(self, pair_width: int, channels: int) -> None:
        super().__init__()
        self.channels = channels
        self.legs = nn.Linear(pair_width, 2 * channels)
        self.norm = nn.LayerNorm(channels)

    def forward(self, e: Tensor, index: PairIndex) -> Tensor:
        """Pairs ``(B, P, pair_width)`` -> ``(B, P, channels)``."""
        batch, n = len(e), index.first.shape[1]
        square = to_square(self.legs(e), index).transpose(1, 2).reshape(batch, 2, self.channels, n, n)
        product = (square[:, 0] @ square[:, 1]).reshape(batch, self.channels, n * n)
        both = product.index_select(-1, index.upper) + product.index_select(-1, index.lower)
        return self.norm(both.transpose(1, 2))


class PairUpdate(nn.Module):
    """New state of a pair from its own, its two atoms' and its triangles'.

    Args:
        width: channels of atoms.
        pair_width: channels of pairs.
        hidden: channels between.
        triangle: channels of the triangle products; 0 leaves them out.
    """

    def __init__(self, width: int, pair_width: int, hidden: int, triangle: int) -> None:
        super().__init__()
        self.own = nn.Linear(pair_width, hidden)
        self.atoms = nn.Linear(width, hidden)
        self.product = nn.Linear(width, 2 * triangle if triangle else pair_width)
        self.product_out = nn.Linear(self.product.out_features, hidden, bias=False)
        self.triangle = TriangleUpdate(pair_width, triangle) if triangle else None
        self.triangle_out = nn.Linear(triangle, hidden, bias=False) if triangle else None
        self.activation = nn.SiLU()
        self.out = residual_linear(hidden, pair_width)

    def forward(self, h: Tensor, e: Tensor, index: PairIndex) -> Tensor:
        """Atoms ``(B, n, width)`` and pairs ``(B, P, pair_width)`` -> ``(B, P, pair_width)``."""
        factor = self.product(h)
        parts, weights = (
            [e, torch.mul(*(index.ends @ factor).chunk(2, dim=1))],
            [self.own.weight, self.product_out.weight],
        )
        if self.triangle is not None and self.triangle_out is not None:
            parts.append(self.triangle(e, index))
            weights.append(self.triangle_out.weight)
        # One product of all parts side by side: a sum of products would pass several times over the largest tensors.
        hidden = nn.functional.linear(torch.cat(parts, dim=-1), torch.cat(weights, dim=1), self.own.bias)
        ends = (index.first + index.second).expand(len(h), -1, -1)
        hidden = torch.baddbmm(hidden, ends, self.atoms(h))
        return self.out(self.activation(hidden))


class GraphLayer(nn.Module):
    """Atoms attend along pairs, think, and tell their pairs, which pass messages along triangles.

    Args:
        width: channels of atoms.
        pair_width: channels of pairs.
        heads: attention heads.
        triangle: channels of triangle products.
        condition_width: channels of the condition.
        expansion: hidden over outer channels in both feed-forward parts.
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
        self.attention = AtomAttention(width, pair_width, heads)
        self.messages = BondMessages(width, pair_width)
        self.local = None if local is None else LocalMessages(local, width, pair_width)
        self.feed_forward_norm = Modulation(width, condition_width)
        self.feed_forward = FeedForward(width, expansion * width)
        self.message_norm = nn.LayerNorm(width)
        self.pair_update = PairUpdate(width, pair_width, expansion * pair_width, triangle)

    def forward(self, h: Tensor, e: Tensor, condition: Tensor, index: PairIndex, graph=None) -> tuple[Tensor, Tensor]:
        """Atoms ``(B, n, width)``, pairs ``(B, P, pair_width)``, condition ``(B, condition_width)``."""
        pairs = self.pair_norm(e, condition)
        atoms = self.attention_norm(h, condition)
        h = h + self.attention(atoms, pairs, index) + self.messages(atoms, pairs, index)
        if self.local is not None and graph is not None:
            edge_index, position = graph
            edge_attr = pairs.flatten(0, 1).index_select(0, position)
            h = h + self.local(atoms.flatten(0, 1), edge_index, edge_attr).view_as(h)
        h = h + self.feed_forward(self.feed_forward_norm(h, condition))
        return h, e + self.pair_update(self.message_norm(h), pairs, index)
