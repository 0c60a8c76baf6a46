"""Sampling of autoregressive graph models: atom after atom, each slot computed once."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn

from molgen.chem.valence import capacities
from molgen.diffusion.random_keys import RandomKeys
from molgen.graph.autoregressive.guard import ValenceGuard
from molgen.graph.autoregressive.network import ANCHORS, after_anchors
from molgen.graph.autoregressive.partial_graph import BONDS, RELATIONS, Features, PartialGraph
from molgen.models.sampling import SamplingConfig
from molgen.nn.transformer import Cache

if TYPE_CHECKING:
    from molgen.graph.autoregressive.model import AnyOrderGraph


def passes(sampling: SamplingConfig) -> int:
    """Network passes per atom."""
    return 1


class Decoder:
    """Graphs in the making.

    Args:
        model: that draws.
        size: atoms.
        order: places of the atoms in generation order ``(B, n)``.
        sampling: how.
    """

    def __init__(self, model: AnyOrderGraph, size: int, order: Tensor, sampling: SamplingConfig) -> None:
        self.model, self.size, self.order, self.sampling = model, size, order, sampling
        rows = len(order)
        self.graph = PartialGraph(rows, size)
        self.cache = Cache(model.config.network.layers)
        self.atoms = order[:, :0]
        self.states = torch.zeros(rows, 0, model.config.network.width, device=order.device)
        self.row = order[:, :0]
        self.features: Features[Tensor] | None = None
        self.condition: Tensor | None = None
        if model.condition is not None:
            none = torch.zeros(rows, len(model.config.properties), device=order.device)
            self.condition = model.condition(none, none.bool())
        self.guard = ValenceGuard(capacities(model.vocabulary), rows, order.device) if sampling.valence_guard else None

    def step(self, rng: RandomKeys) -> tuple[Tensor, Tensor]:
        """Add one atom: its category ``(B,)``, and its bonds to those before it ``(B, m)``."""
        h = self._state()
        logits = self.model.atom_head(h[:, 0]).float()
        atom = rng.fold_in(0).categorical(self.sampling.probabilities(logits, "atoms"))
        row = self._bonds(h, atom, rng)
        self.graph.add(self.model.valences[atom.cpu().numpy()], row.cpu().numpy())
        self.features = Features(*(torch.from_numpy(part).to(row.device) for part in self.graph.features()))
        if self.guard is not None:
            self.guard.add(row)
        self.atoms = torch.cat([self.atoms, atom[:, None]], dim=1)
        self.row = row
        return atom, row

    def _state(self) -> Tensor:
        """State ``(B, 1, width)`` of the slot that predicts the next atom."""
        m, order, device = self.graph.known, self.order, self.order.device
        rows = len(order)
        if self.features is None:
            atoms, places = self.model.anchors(self.size, rows, device)
            targets = order[:, :1].expand(-1, ANCHORS)
            counts = torch.zeros(rows, ANCHORS, BONDS - 1, device=device)
            squares = [order.new_zeros(rows, 0, 0)] * 4
            features = after_anchors(Features(*squares, *[order.new_zeros(rows, 0)] * 4), ANCHORS, 0)
        else:
            atoms, places, targets = self.atoms[:, -1:], order[:, m - 1 : m], order[:, m : m + 1]
            counts = nn.functional.one_hot(self.row, BONDS)[..., 1:].sum(1, keepdim=True)
            features = after_anchors(self.features, 0, 0)
        canonical = order.new_zeros(rows)
        h = self.model.network(
            atoms, counts, places, targets, self.size, features, canonical, self.condition, self.cache
        )[:, -1:]
        if m:
            self.states = torch.cat([self.states, h], dim=1)
        return h

    def _bonds(self, h: Tensor, atom: Tensor, rng: RandomKeys) -> Tensor:
        """Bonds ``(B, m)`` of the new atoms to those before them."""
        head, m = self.model.neighbour_head, self.graph.known
        row = self.order.new_zeros(len(self.order), m)
        if self.features is None:
            return row
        places, here = self.order[:, :m], self.order[:, m : m + 1]
        keys = head.keys(self.states, self.atoms, *self.features[1:4], (here - places)[:, None])[:, 0]
        x = h[:, 0] + head.kind(atom)
        around = torch.full_like(row, RELATIONS)
        allowed = torch.ones_like(row, dtype=torch.bool)
        for number in range(1, m + 1):
            possible = allowed[:, None]
            if self.guard is not None:
                possible = possible & self.guard.allowed(self.atoms, atom, row)
            logits = head(x, keys, around, possible)
            if self.guard is not None and number == 1:  # one bond at least, where there is one to be had
                logits[:, -1].masked_fill_(possible.flatten(1).any(1), float("-inf"))
            picked = rng.fold_in(number).categorical(self.sampling.probabilities(logits, "bonds"))
            bond, neighbour = torch.div(picked, m, rounding_mode="floor") + 1, picked % m
            going = bond < BONDS
            if not going.any():
                break
            bond = torch.where(going, bond, 0)
            index = neighbour[:, None]
            row.scatter_add_(1, index, bond[:, None])
            states = self.states.gather(1, index[..., None].expand(-1, -1, h.shape[2]))[:, 0]
            x = x + head.context(states, bond)
            around = torch.from_numpy(self.graph.relations(index.cpu().numpy())[:, 0]).to(row.device)
            allowed = allowed & (places < places.gather(1, index)) & going[:, None]
        return row
