"""Sampling of growing graphs: atom after atom, what has been read is kept."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn

from molgen.chem.valence import capacities
from molgen.diffusion.random_keys import RandomKeys
from molgen.diffusion.samplers import guided
from molgen.graph.autoregressive.aromatic import Aromatic, aromatic_states
from molgen.graph.autoregressive.guard import ValenceGuard
from molgen.graph.autoregressive.network import ANCHORS
from molgen.graph.autoregressive.outlook import effects, outlooks, rings_now
from molgen.graph.autoregressive.partial_graph import BONDS, RELATIONS, Growth
from molgen.models.sampling import SamplingConfig
from molgen.nn.transformer import Cache

if TYPE_CHECKING:
    from molgen.graph.autoregressive.model import AnyOrderGraph


def readings(sampling: SamplingConfig) -> int:
    """How often every atom is read: a second time, not told what aromatic rings lack, where that is to guide."""
    return 2 if any(sampling.guidance.values()) else 1


class Growing:
    """Graphs under way. What the network reads and finds has the rows of all readings, one reading after the other.

    Args:
        model: that draws.
        size: atoms.
        order: places in the order of uncovering ``(B, n)``.
        sampling: how.
    """

    def __init__(self, model: AnyOrderGraph, size: int, order: Tensor, sampling: SamplingConfig) -> None:
        self.model, self.size, self.order, self.sampling = model, size, order, sampling
        rows = len(order)
        self.readings = readings(sampling)
        self.growth = Growth(rows, size, order.device)
        self.cache = Cache(model.config.network.layers)
        self.atoms = order[:, :0]
        self.states = torch.zeros(self.readings * rows, 0, model.config.network.width, device=order.device)
        self.row = order[:, :0]
        self.bonds = order.new_zeros(rows, size, size)  # in the order of uncovering
        self.aromatic = Aromatic(order.new_zeros(rows, ANCHORS, 0), *order.new_zeros(2, rows, ANCHORS))
        self.guard = ValenceGuard(capacities(model.vocabulary), rows, order.device) if sampling.valence_guard else None

    def step(self, rng: RandomKeys) -> tuple[Tensor, Tensor]:
        """Uncover one more atom: its category ``(B,)``, and its bonds to those before it ``(B, m)``."""
        h = self._read()
        logits = self._guided(self.model.atom_head(h[:, 0]).float(), "atoms")
        atom = rng.fold_in(0).categorical(self.sampling.probabilities(logits, "atoms"))
        row = self._bonds(h, atom, rng)
        self.growth.add(row)
        if self.guard is not None:
            self.guard.add(row)
        self.atoms = torch.cat([self.atoms, atom[:, None]], dim=1)
        self.row = row
        m = row.shape[1]
        self.bonds[:, m, :m] = self.bonds[:, :m, m] = row
        known = self.bonds[:, : m + 1, : m + 1]
        self.aromatic = aromatic_states(known, self.model.valences[self.atoms], first=m)
        return atom, row

    def _read(self) -> Tensor:
        """States ``(rows, 1, width)`` of the slot that asks for the next atom."""
        m, order, device = self.growth.known, self.order, self.order.device
        rows = len(order)
        if m == 0:
            atoms, places = self.model.anchors(self.size, rows, device)
            targets = order[:, :1].expand(-1, ANCHORS)
            counts = torch.zeros(rows, ANCHORS, BONDS - 1, device=device)
            relations = order.new_full((rows, ANCHORS, ANCHORS), RELATIONS)
            used = torch.zeros_like(relations)
        else:
            atoms, places, targets = self.atoms[:, -1:], order[:, m - 1 : m], order[:, m : m + 1]
            counts = nn.functional.one_hot(self.row, BONDS)[..., 1:].sum(1, keepdim=True)
            relations = self.growth.relations(torch.full((rows, 1), m - 1, device=device))
            relations[:, 0, : m - 1] = torch.where(self.row > 0, self.row, relations[:, 0, : m - 1])
            relations = nn.functional.pad(relations, (ANCHORS, 0), value=RELATIONS)
            used = nn.functional.pad(self.growth.used()[:, None], (ANCHORS, 0))
        aromatic = self.aromatic._replace(states=nn.functional.pad(self.aromatic.states, (ANCHORS, 0)))
        h = self.model.network(
            *map(self._each, (atoms, counts, places, targets)),
            self.size,
            *map(self._each, (relations, used)),
            Aromatic(*map(self._first, aromatic)),
            self.cache,
        )[:, -1:]
        if m:
            self.states = torch.cat([self.states, h], dim=1)
        return h

    def _bonds(self, h: Tensor, atom: Tensor, rng: RandomKeys) -> Tensor:
        """Bonds ``(B, m)`` of the new atoms to those before them."""
        head, m = self.model.neighbour_head, self.growth.known
        row = self.order.new_zeros(len(self.order), m)
        if m == 0:
            return row
        places, here = self.order[:, :m], self.order[:, m : m + 1]
        used, lacking = self.growth.used()[:, None], self.aromatic.states
        each = self._each
        offsets = (here - places)[:, None]
        keys = head.keys(self.states, each(self.atoms), each(used), self._first(lacking), each(offsets))[:, 0]
        x = h[:, 0] + head.kind(each(atom))
        around = torch.full_like(row, RELATIONS)
        allowed = torch.ones_like(row, dtype=torch.bool)
        rings = rings_now(self.bonds[:, :m, :m], self.model.valences[self.atoms], self.aromatic)
        done = effects(rings.atoms(row[:, :1]), row[:, :1])[..., 0]  # of no bond yet
        valences = self.model.valences[atom].to(torch.int8)
        left = torch.full_like(valences, self.size - 1 - m)
        for number in range(1, m + 1):
            possible = allowed[:, None]
            if self.guard is not None:
                possible = possible & self.guard.allowed(self.atoms, atom, row)
            codes = map(self._first, outlooks(rings, done, valences, left))
            logits = self._guided(head(x, keys, each(around), each(possible), *codes), "bonds")
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
            states = self.states.gather(1, each(index)[..., None].expand(-1, -1, h.shape[2]))[:, 0]
            x = x + head.context(states, each(bond))
            done = done + effects(rings.atoms(index), bond[:, None])[..., 0]
            around = self.growth.relations(index)[:, 0]
            allowed = allowed & (places < places.gather(1, index)) & going[:, None]
        return row

    def _each(self, known: Tensor) -> Tensor:
        """What all readings are told."""
        return torch.cat([known] * self.readings)

    def _first(self, known: Tensor) -> Tensor:
        """What the first reading alone is told."""
        return torch.cat([known, *[torch.zeros_like(known)] * (self.readings - 1)])

    def _guided(self, logits: Tensor, kind: str) -> Tensor:
        """Logits ``(B, K)`` of those of all readings ``(rows, K)``."""
        if self.readings == 1:
            return logits
        told, blind = logits.chunk(self.readings)
        return guided(told, blind, self.sampling.guidance.get(kind, 0.0))
