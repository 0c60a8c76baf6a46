"""The network of autoregressive graph models: a causal Transformer over atoms, and a head that picks neighbours."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from molgen.graph.autoregressive.aromatic import COUNTS, STATES
from molgen.graph.autoregressive.orders import ORDER_NAMES
from molgen.graph.autoregressive.partial_graph import BONDS, GROWTH, OPEN, PIECES, RELATIONS, USED, Features
from molgen.nn.transformer import Cache, Transformer, TransformerConfig

ANCHORS = 2
CONDITION_WIDTH = 128
_KEY = 32
_REACH = 12
_PAIR = RELATIONS + USED + STATES


class GraphTransformer(nn.Module):
    """States of slots; a slot has read one atom and predicts the next.

    The first two slots, called anchors, read no atom. The attention of a slot to an atom is biased by how the atom read
    last is related to it.

    Args:
        config: shape.
        atoms: number of atom categories.
        largest: atoms of the largest molecule.
        orders: whether there is more than one kind of generation order.
        conditioned: whether there is a condition.
    """

    def __init__(self, config: TransformerConfig, atoms: int, largest: int, orders: bool, conditioned: bool) -> None:
        super().__init__()
        width = config.width
        self.largest = largest
        self.layers, self.heads = config.layers, config.heads
        self.atom = nn.Embedding(atoms + ANCHORS, width)
        self.bonds = nn.Linear(BONDS - 1, width, bias=False)
        self.ahead = nn.Embedding(largest + 2, width)
        self.behind = nn.Embedding(largest + 2, width)
        self.ends, self.missing = zero_embedding(COUNTS, width), zero_embedding(COUNTS, width)
        self.orders = OrderInputs(width) if orders else None
        self.pair = nn.Linear(_PAIR, config.layers * config.heads, bias=False)
        nn.init.zeros_(self.pair.weight)
        self.transformer = Transformer(config, CONDITION_WIDTH if conditioned else 0, causal=True)

    def forward(
        self,
        atoms: Tensor,
        bonds: Tensor,
        places: Tensor,
        targets: Tensor,
        sizes: Tensor,
        features: Features[Tensor],
        order: Tensor | None = None,
        condition: Tensor | None = None,
        cache: Cache | None = None,
    ) -> Tensor:
        """States ``(B, m, width)`` of slots.

        Args:
            atoms: category that each slot reads ``(B, m)``; those of anchors come after the categories of atoms.
            bonds: number of its bonds of each category but none to the atoms before it ``(B, m, BONDS - 1)``.
            places: of the atoms ``(B, m)``.
            targets: place of the atom that each slot predicts ``(B, m)``.
            sizes: atoms of the molecules ``(B,)``.
            features: of the partial graph at each slot; ``n`` counts all slots up to the last, and relations of
                `RELATIONS` or above stand for anchors.
            order: index of the generation order in `ORDER_NAMES` ``(B,)``, where there is more than one.
            condition: ``(B, CONDITION_WIDTH)``, where the network takes one.
            cache: the slots before.
        """
        ahead, behind = (x.clamp(0, self.largest + 1) for x in (targets, sizes[:, None] - targets))
        h = self.atom(atoms) + self.bonds(bonds.to(self.bonds.weight.dtype)) + self.ahead(ahead) + self.behind(behind)
        h = h + self.ends(features.ends) + self.missing(features.missing)
        if self.orders is not None:
            h = h + self.orders(features, order)
        biases = self._biases(features.relations, features.used, features.aromatic)
        return self.transformer(h, condition, cache=cache, places=places, targets=targets, biases=biases)

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


class OrderInputs(nn.Module):
    """What a slot reads of the generation order and of the pieces that are given; zero at first.

    Args:
        width: channels.
    """

    def __init__(self, width: int) -> None:
        super().__init__()
        self.order = zero_embedding(len(ORDER_NAMES), width)
        self.growth = zero_embedding(GROWTH, width)
        self.open, self.pieces = zero_embedding(OPEN, width), zero_embedding(PIECES, width)

    def forward(self, features: Features[Tensor], order: Tensor) -> Tensor:
        """``(B, m, width)``; the atom that a slot has read is the last of those that it may attend to."""
        m, total = features.growth.shape[1:]
        own = features.growth.diagonal(total - m, 1, 2)
        return self.order(order)[:, None] + self.growth(own) + self.open(features.open) + self.pieces(features.pieces)


class NeighbourHead(nn.Module):
    """Which atoms the new one is bonded to, and how: one after the other from the last place to the first, then stop.

    Args:
        width: channels of slot states.
        atoms: number of atom categories.
        orders: whether pieces may be given.
    """

    def __init__(self, width: int, atoms: int, orders: bool) -> None:
        super().__init__()
        self.kind = nn.Embedding(atoms, width)
        self.neighbour = nn.Linear(width, width)
        self.bond = nn.Embedding(BONDS, width)
        self.mix = nn.Sequential(nn.LayerNorm(width), nn.Linear(width, 2 * width), nn.SiLU())
        self.query = nn.Linear(2 * width, (BONDS - 1) * _KEY)
        self.stop = nn.Linear(2 * width, 1)
        self.key = nn.Linear(width, _KEY)
        self.saturation = nn.Embedding(atoms * USED, _KEY)
        self.aromatic = zero_embedding(STATES, _KEY)
        self.growth = zero_embedding(GROWTH, _KEY) if orders else None
        self.offset = nn.Embedding(2 * _REACH + 1, _KEY)
        self.around = nn.Embedding(RELATIONS + 1, _KEY)
        self.register_load_state_dict_pre_hook(_drop_outlooks)  # type: ignore[no-untyped-call]

    def keys(
        self, states: Tensor, atoms: Tensor, used: Tensor, aromatic: Tensor, growth: Tensor, offsets: Tensor
    ) -> Tensor:
        """Keys of candidates ``(B, m, key, c)``, no more precise than products are.

        Args:
            states: of the slots that read them ``(B, c, width)``.
            atoms: their categories ``(B, c)``.
            used: valence that they use at each moment ``(B, m, c)``.
            aromatic: their states as in `Features` ``(B, m, c)``.
            growth: whether they may grow, as in `Features`, ``(B, m, c)``.
            offsets: place of the new atom less their own ``(B, m, c)``.
        """
        own = self.key(states)[:, None]
        keys = own + self.saturation(atoms[:, None] * USED + used) + self.aromatic(aromatic)
        if self.growth is not None:
            keys = keys + self.growth(growth)
        keys = keys + self.offset(offsets.clamp(-_REACH, _REACH) + _REACH)
        return keys.to(own.dtype).transpose(2, 3)

    def context(self, states: Tensor, bonds: Tensor) -> Tensor:
        """What is added to the slot state by a neighbour of state ``(..., width)``; zero where there is no bond."""
        return (self.neighbour(states) + self.bond(bonds)) * (bonds > 0)[..., None]

    def forward(self, h: Tensor, keys: Tensor, around: Tensor, allowed: Tensor) -> Tensor:
        """Logits ``(M, 4 c + 1)`` of choices: candidate by category of bond, and stop last.

        Args:
            h: slot state and the new atom's `kind`, and the sum of `context` over neighbours chosen, ``(M, width)``.
            keys: from `keys`, ``(M, key, c)``.
            around: relation of the neighbour chosen last to the candidates ``(M, c)``; `RELATIONS` if none.
            allowed: candidates that can still be chosen, by category of bond ``(M, 4, c)`` or by any ``(M, 1, c)``.
        """
        x = self.mix(h)
        query = self.query(x).view(len(x), BONDS - 1, _KEY)
        nearness = query @ self.around.weight.t().to(query.dtype)
        scores = query @ keys + nearness.gather(2, around[:, None].expand(-1, BONDS - 1, -1))
        scores = scores.float().masked_fill(~allowed, float("-inf")) * _KEY**-0.5
        return torch.cat([scores.flatten(1), self.stop(x).float()], dim=1)


def after_anchors(features: Features[Tensor], before: int, after: int) -> Features[Tensor]:
    """Features of slots, anchors before those of atoms.

    Args:
        features: at moments.
        before: number of moments to be put before, which have read nothing.
        after: minus the number of moments to be left out at the end; their atoms with them.
    """
    pairs = (ANCHORS, after, before, after)
    relations = nn.functional.pad(features.relations.long(), pairs, value=RELATIONS)
    others = (nn.functional.pad(codes.long(), pairs) for codes in features[1:4])
    return Features(relations, *others, *(nn.functional.pad(codes.long(), (before, after)) for codes in features[4:]))


def _drop_outlooks(head: nn.Module, weights: dict[str, Tensor], prefix: str, *rest: object) -> None:
    """Leave out two tables that models of earlier versions have."""
    for name in ("standing", "prospect"):
        weights.pop(f"{prefix}{name}.weight", None)


def zero_embedding(codes: int, width: int) -> nn.Embedding:
    """An embedding that is zero at first."""
    embedding = nn.Embedding(codes, width)
    nn.init.zeros_(embedding.weight)
    return embedding
