"""Sampling of autoregressive graph models: atom after atom, each slot computed once."""

from __future__ import annotations

from typing import NamedTuple, Protocol

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from molgen.chem.valence import capacities
from molgen.chem.vocabulary import Vocabulary
from molgen.diffusion.random_keys import RandomKeys
from molgen.diffusion.samplers import guided
from molgen.graph.autoregressive.config import AutoregressiveGraphConfig
from molgen.graph.autoregressive.given import Given, GivenGuard
from molgen.graph.autoregressive.guard import ValenceGuard
from molgen.graph.autoregressive.network import ANCHORS, GraphTransformer, NeighbourHead, after_anchors
from molgen.graph.autoregressive.orders import CANONICAL, PIECES
from molgen.graph.autoregressive.partial_graph import BONDS, RELATIONS, Array, Features, PartialGraph
from molgen.graph.autoregressive.properties import COLLECTION, PropertyCondition
from molgen.graph.autoregressive.teacher_forcing import TeacherForcing, teacher_forcing
from molgen.models.sampling import SamplingConfig
from molgen.nn.transformer import Cache


class Parts(Protocol):
    """The parts of a model that decoding needs; see `AutoregressiveGraphModel`."""

    config: AutoregressiveGraphConfig
    vocabulary: Vocabulary
    valences: NDArray[np.int64]
    network: GraphTransformer
    condition: PropertyCondition | None
    atom_head: nn.Linear
    neighbour_head: NeighbourHead

    def states(self, batch: TeacherForcing, condition: Tensor | None, cache: Cache | None = None) -> Tensor:
        """States of the slots of a batch, see there."""

    def anchors(self, sizes: Tensor) -> tuple[Tensor, Tensor]:
        """Tokens and places of the slots that stand for no atom, see there."""


class Targets(NamedTuple):
    """Property values that molecules are to have, in the model's units and order of properties.

    Attributes:
        values: ``(B, P)``.
        known: which of them are asked for ``(B, P)``.
    """

    values: Tensor
    known: Tensor


class Decoder:
    """Graphs in the making.

    With guidance every slot is computed twice, in the conditional pass and in the unconditional one, which has the
    given atoms, the size and the collection but no other property; the rows of the network are those of the first and
    then of the second.

    Args:
        model: that draws.
        size: atoms.
        order: places of the atoms in generation order ``(B, n)``; must be 0, 1, ... where something is given.
        sampling: how.
        given: what the graphs begin with.
        targets: properties; by default all are withheld.
    """

    def __init__(
        self,
        model: Parts,
        size: int,
        order: Tensor,
        sampling: SamplingConfig,
        given: Given | None = None,
        targets: Targets | None = None,
    ) -> None:
        self.model, self.order, self.sampling = model, order, sampling
        rows, device = len(order), order.device
        self.sizes = order.new_full((rows,), size)
        self.passes = passes(sampling, targets, model.config)
        self.graph = PartialGraph(rows, size, *begun(rows, size, given))
        self.cache = Cache(model.config.network.layers)
        self.atoms = order[:, :0]
        self.states = torch.zeros(self.passes * rows, 0, model.config.network.width, device=device)
        self.row = order[:, :0]
        self.features: Features[Tensor] | None = None
        self.condition = self._condition(targets)
        self.names = torch.full_like(order[:, 0], CANONICAL if given is None else PIECES)
        self.guard = ValenceGuard(capacities(model.vocabulary), rows, device) if sampling.valence_guard else None
        self.given_guard: GivenGuard | None = None
        self.next: Tensor | None = None
        if given is not None:
            self._read_given(given)
            self.given_guard = GivenGuard([given] * rows, self.graph)

    @property
    def satisfied(self) -> list[bool]:
        """Whether each whole graph has what is given, used and joined as it is meant to be."""
        return [True] * len(self.order) if self.given_guard is None else self.given_guard.satisfied.tolist()

    def step(self, rng: RandomKeys) -> tuple[Tensor, Tensor]:
        """Add one atom: its category ``(B,)``, and its bonds to those before it ``(B, m)``."""
        atom, row = self._drawn(rng)
        self._add(atom, row)
        if self.given_guard is not None:
            self.given_guard.add(row.cpu().numpy())
        return atom, row

    def _drawn(self, rng: RandomKeys) -> tuple[Tensor, Tensor]:
        """The category of a new atom and its bonds."""
        h = self._state() if self.next is None else self.next
        self.next = None
        logits = self._guided(self.model.atom_head(h[:, 0]).float(), "atoms")
        atom = rng.fold_in(0).categorical(self.sampling.probabilities(logits, "atoms"))
        return atom, self._bonds(h, atom, rng)

    def _add(self, atom: Tensor, row: Tensor) -> None:
        self.graph.add(self.model.valences[atom.cpu().numpy()], row.cpu().numpy())
        self.features = Features(*(torch.from_numpy(part).to(row.device) for part in self.graph.features()))
        if self.guard is not None:
            self.guard.add(row)
        self.atoms = torch.cat([self.atoms, atom[:, None]], dim=1)
        self.row = row

    def _condition(self, targets: Targets | None) -> Tensor | None:
        """Condition of the rows of all passes, or of one row where it is the same for all."""
        condition = self.model.condition
        if condition is None:
            return None
        if targets is None:
            none = torch.zeros(1, len(self.model.config.properties), device=self.order.device)
            return condition(none, none.bool())
        conditional = condition(*targets)
        if self.passes == 1:
            return conditional
        return torch.cat(
            [conditional, condition(targets.values, targets.known & ~_guiding(targets, self.model.config))]
        )

    def _read_given(self, given: Given) -> None:
        """Add the given atoms, and read all of them in one pass; once for all rows where these do not differ."""
        rows, k = len(self.order), len(given.atoms)
        bonds = np.zeros((1, k + 1, k + 1), np.uint8)
        bonds[0, :k, :k] = given.bonds
        forced = teacher_forcing(
            np.append(given.atoms, 0)[None],  # the last one stands for the atom to be predicted
            bonds,
            np.arange(k + 1)[None],
            self.model.valences,
            sizes=self.sizes[:1].cpu().numpy(),
            order=np.array([PIECES]),
            given=np.array([k]),
            pieces=np.array([given.pieces]),
            leaving=np.append(given.leaving, -1)[None],
        ).to(self.order.device)
        width = 1 if self.condition is None else len(self.condition)
        states = self.model.states(forced.repeated(width), self.condition, self.cache)
        if width == 1:
            states = states.expand(self.passes * rows, -1, -1)
            self.cache.expand(self.passes * rows)
        self.states, self.next = states[:, 1:], states[:, -1:]
        for m in range(k):
            atom = torch.full_like(self.order[:, 0], int(given.atoms[m]))
            self._add(atom, torch.from_numpy(given.bonds[m, :m].astype(np.int64)).to(atom.device).expand(rows, -1))

    def _state(self) -> Tensor:
        """State ``(rows, 1, width)`` of the slot that predicts the next atom."""
        m, order, device = self.graph.known, self.order, self.order.device
        rows = len(order)
        if self.features is None:
            atoms, places = self.model.anchors(self.sizes)
            targets = order[:, :1].expand(-1, ANCHORS)
            counts = torch.zeros(rows, ANCHORS, BONDS - 1, device=device)
            squares = [order.new_zeros(rows, 0, 0)] * 4
            features = after_anchors(Features(*squares, *[order.new_zeros(rows, 0)] * 4), ANCHORS, 0)
        else:
            atoms, places, targets = self.atoms[:, -1:], order[:, m - 1 : m], order[:, m : m + 1]
            counts = nn.functional.one_hot(self.row, BONDS)[..., 1:].sum(1, keepdim=True)
            features = after_anchors(self.features, 0, 0)
        h = self.model.network(
            *map(self._each, (atoms, counts, places, targets, self.sizes)),
            Features(*map(self._each, features)),
            self._each(self.names),
            self.condition,
            self.cache,
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
        each = self._each
        used, aromatic, growth = map(each, self.features[1:4])
        offsets = each((here - places)[:, None])
        keys = head.keys(self.states, each(self.atoms), used, aromatic, growth, offsets)[:, 0]
        x = h[:, 0] + head.kind(each(atom))
        around = torch.full_like(row, RELATIONS)
        going, before = torch.ones_like(row[:, :1], dtype=torch.bool), torch.ones_like(row, dtype=torch.bool)
        for number in range(1, m + 1):
            possible, stop = self._allowed(atom, row, before & going, first=number == 1)
            logits = self._guided(head(x, keys, each(around), each(possible)), "bonds")
            logits[:, -1].masked_fill_(going[:, 0] & ~stop, float("-inf"))
            picked = rng.fold_in(number).categorical(self.sampling.probabilities(logits, "bonds"))
            bond, neighbour = torch.div(picked, m, rounding_mode="floor") + 1, picked % m
            going = (bond < BONDS)[:, None]
            if not going.any():
                break
            bond = torch.where(going[:, 0], bond, 0)
            index = neighbour[:, None]
            row.scatter_add_(1, index, bond[:, None])
            states = self.states.gather(1, each(index)[..., None].expand(-1, -1, h.shape[2]))[:, 0]
            x = x + head.context(states, each(bond))
            around = torch.from_numpy(self.graph.relations(index.cpu().numpy())[:, 0]).to(row.device)
            before = before & (places < places.gather(1, index))
        return row

    def _allowed(self, atom: Tensor, row: Tensor, candidates: Tensor, first: bool) -> tuple[Tensor, Tensor]:
        """Choices that are allowed: neighbours by category of bond ``(B, 4 or 1, m)``, and to stop ``(B,)``."""
        possible, stop = candidates[:, None], torch.ones_like(atom, dtype=torch.bool)
        if self.guard is not None:
            possible = possible & self.guard.allowed(self.atoms, atom, row)
            if first:  # one bond at least
                stop = torch.zeros_like(stop)
        if self.given_guard is not None:
            choices = possible.expand(-1, BONDS - 1, -1).cpu().numpy()
            found = self.given_guard.restrict(row.cpu().numpy(), choices)
            possible, stops = (torch.from_numpy(part).to(row.device) for part in found)
            stop = stop & stops
        return possible, stop | ~possible.flatten(1).any(1)  # where there is nothing to be had

    def _each(self, part: Tensor) -> Tensor:
        """The same for all passes."""
        return torch.cat([part] * self.passes) if self.passes > 1 else part

    def _guided(self, logits: Tensor, kind: str) -> Tensor:
        """Logits ``(B, K)`` of those of all passes ``(rows, K)``."""
        if self.passes == 1:
            return logits
        conditional, unconditional = logits.chunk(self.passes)
        return guided(conditional, unconditional, self.sampling.guidance.get(kind, 0.0))


def passes(sampling: SamplingConfig, targets: Targets | None, config: AutoregressiveGraphConfig) -> int:
    """Network passes per atom: two where properties guide, of which the collection is none."""
    return 2 if targets is not None and any(sampling.guidance.values()) and _guiding(targets, config).any() else 1


def _guiding(targets: Targets, config: AutoregressiveGraphConfig) -> Tensor:
    """Which properties of attempts are asked for and guide ``(B, P)``."""
    guides = [name != COLLECTION for name in config.properties]
    return targets.known & torch.tensor(guides, device=targets.known.device)


def begun(rows: int, size: int, given: Given | None) -> tuple[Array, Array, Array]:
    """Number of given atoms and of their pieces ``(B,)``, and bonds that leave each, as in `PartialGraph`."""
    leaving = np.full((rows, size), -1, np.int64)
    if given is None:
        return np.zeros(rows, np.int64), np.zeros(rows, np.int64), leaving
    k = len(given.atoms)
    leaving[:, :k] = given.leaving
    return np.full(rows, k), np.full(rows, given.pieces), leaving
