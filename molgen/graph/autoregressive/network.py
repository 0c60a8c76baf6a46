"""The network of growing graphs: a causal Transformer over atoms, and a head that picks neighbours one by one."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from molgen.graph.autoregressive.aromatic import COUNTS, STATES, Aromatic
from molgen.graph.autoregressive.outlook import CODES
from molgen.graph.autoregressive.partial_graph import BONDS, RELATIONS, USED
from molgen.nn.transformer import Cache, Transformer, TransformerConfig

ANCHORS = 2
_KEY = 32
_REACH = 12
_PAIR = RELATIONS + USED + STATES


class GrowingNetwork(nn.Module):
    """States of the slots of `AnyOrderGraph`; attention is biased by what two atoms are to each other.

    Args:
        config: shape.
        atoms: atom categories.
        largest: atoms of the largest molecule.
    """

    def __init__(self, config: TransformerConfig, atoms: int, largest: int) -> None:
        super().__init__()
        width = config.width
        self.largest = largest
        self.layers, self.heads = config.layers, config.heads
        self.atom = nn.Embedding(atoms + ANCHORS, width)
        self.bonds = nn.Linear(BONDS - 1, width, bias=False)
        self.ahead = nn.Embedding(largest + 2, width)
        self.behind = nn.Embedding(largest + 2, width)
        self.ends, self.missing = _silent(COUNTS, width), _silent(COUNTS, width)
        self.pair = nn.Linear(_PAIR, config.layers * config.heads, bias=False)
        nn.init.zeros_(self.pair.weight)
        self.transformer = Transformer(config, causal=True)

    def forward(
        self,
        atoms: Tensor,
        bonds: Tensor,
        places: Tensor,
        targets: Tensor,
        size: int,
        relations: Tensor,
        used: Tensor,
        aromatic: Aromatic,
        cache: Cache | None = None,
    ) -> Tensor:
        """States ``(B, m, width)`` of slots.

        Args:
            atoms: read, in order, ``(B, m)``; anchors come after the categories.
            bonds: of each category but none to the atoms before it ``(B, m, BONDS - 1)``.
            places: where they stand ``(B, m)``.
            targets: the place asked for by each slot ``(B, m)``.
            size: atoms of the molecule.
            relations: to the atoms of all slots read ``(B, m, total)``; `RELATIONS` or above for anchors.
            used: valence of those atoms ``(B, m, total)``.
            aromatic: what the rings of those atoms lack; moments are slots, atoms all slots read.
            cache: the slots before.
        """
        ahead, behind = (x.clamp(0, self.largest + 1) for x in (targets, size - targets))
        h = self.atom(atoms) + self.bonds(bonds.to(self.bonds.weight.dtype)) + self.ahead(ahead) + self.behind(behind)
        h = h + self.ends(aromatic.ends) + self.missing(aromatic.missing)
        biases = self._biases(relations, used, aromatic.states)
        return self.transformer(h, cache=cache, places=places, targets=targets, biases=biases)

    def _biases(self, relations: Tensor, used: Tensor, states: Tensor) -> Sequence[Tensor]:
        """One ``(B, heads, m, total)`` per layer, all from one matrix product; none between anchors and atoms."""
        known = (relations < RELATIONS)[..., None]
        codes = [
            values[..., None] == torch.arange(number, device=values.device)
            for values, number in ((relations, RELATIONS), (used, USED), (states, STATES))
        ]
        bias = self.pair((torch.cat(codes, dim=-1) & known).to(self.pair.weight.dtype))
        batch, m, total, _ = bias.shape
        return bias.view(batch, m, total, self.layers, self.heads).permute(3, 0, 4, 1, 2).unbind(0)


class NeighbourHead(nn.Module):
    """Which atoms the new one is bonded to, and how: one after the other from the last place to the first, then stop.

    Args:
        width: channels of slot states.
        atoms: atom categories.
    """

    def __init__(self, width: int, atoms: int) -> None:
        super().__init__()
        self.kind = nn.Embedding(atoms, width)
        self.neighbour = nn.Linear(width, width)
        self.bond = nn.Embedding(BONDS, width)
        self.mix = nn.Sequential(nn.LayerNorm(width), nn.Linear(width, 2 * width), nn.SiLU())
        self.query = nn.Linear(2 * width, (BONDS - 1) * _KEY)
        self.stop = nn.Linear(2 * width, 1)
        self.key = nn.Linear(width, _KEY)
        self.saturation = nn.Embedding(atoms * USED, _KEY)
        self.aromatic = _silent(STATES, _KEY)
        self.offset = nn.Embedding(2 * _REACH + 1, _KEY)
        self.around = nn.Embedding(RELATIONS + 1, _KEY)
        self.standing, self.prospect = _silent(CODES, width), _silent(CODES, _KEY)

    def keys(self, states: Tensor, atoms: Tensor, used: Tensor, aromatic: Tensor, offsets: Tensor) -> Tensor:
        """Keys of candidates ``(B, m, key, c)``, no more precise than products are.

        Args:
            states: of the slots that read them ``(B, c, width)``.
            atoms: their categories ``(B, c)``.
            used: valence that they use at each moment ``(B, m, c)``.
            aromatic: their states as in `Aromatic` ``(B, m, c)``.
            offsets: place asked for less their own ``(B, m, c)``.
        """
        saturation = self.saturation(atoms[:, None] * USED + used)
        offset = self.offset(offsets.clamp(-_REACH, _REACH) + _REACH)
        own = self.key(states)[:, None]
        return (own + saturation + self.aromatic(aromatic) + offset).to(own.dtype).transpose(2, 3)

    def context(self, states: Tensor, bonds: Tensor) -> Tensor:
        """What choosing a neighbour of state ``(..., width)`` by a bond ``(...)`` tells: nothing if there is none."""
        return (self.neighbour(states) + self.bond(bonds)) * (bonds > 0)[..., None]

    def forward(
        self, h: Tensor, keys: Tensor, around: Tensor, allowed: Tensor, standing: Tensor, prospects: Tensor
    ) -> Tensor:
        """Logits ``(M, 4 c + 1)`` of choices: candidate by kind of bond, and stop last.

        Args:
            h: slot state and the new atom's `kind`, and the sum of `context` over neighbours chosen, ``(M, width)``.
            keys: from `keys`, ``(M, key, c)``.
            around: relation of the neighbour chosen last to the candidates ``(M, c)``; `RELATIONS` if none.
            allowed: candidates that can still be chosen, by kind of bond ``(M, 4, c)`` or by any ``(M, 1, c)``.
            standing: what rings lack with the neighbours chosen, as in `outlook` ``(M,)``.
            prospects: what they would lack with one more, by kind of bond ``(M, 4, c)``.
        """
        x = self.mix(h + self.standing(standing))
        query = self.query(x).view(len(x), BONDS - 1, _KEY)
        scores = query @ keys
        scores = scores + _looked_up(query, self.around, around[:, None].expand(-1, BONDS - 1, -1))
        scores = scores + _looked_up(query, self.prospect, prospects)
        scores = scores.float().masked_fill(~allowed, float("-inf")) * _KEY**-0.5
        return torch.cat([scores.flatten(1), self.stop(x).float()], dim=1)


def _looked_up(query: Tensor, keys: nn.Embedding, codes: Tensor) -> Tensor:
    """Products ``(M, 4, c)`` of queries ``(M, 4, key)`` and the keys of codes ``(M, 4, c)``."""
    return (query @ keys.weight.t().to(query.dtype)).gather(2, codes)


def _silent(codes: int, width: int) -> nn.Embedding:
    """An embedding that says nothing before it has learned to."""
    embedding = nn.Embedding(codes, width)
    nn.init.zeros_(embedding.weight)
    return embedding
