"""Absorbing diffusion on atoms with their bonds, as the growth of a graph."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Annotated, Any, ClassVar, Self

import torch
from pydantic import Field
from torch import Tensor, nn

from molgen.chem.codec import MoleculeGraph
from molgen.chem.strict import strict_smiles
from molgen.chem.valence import aromatic_valences
from molgen.datasets.batches import GraphBatch
from molgen.diffusion.orders import block_order, over_orders
from molgen.diffusion.process import State
from molgen.diffusion.streams import Streams
from molgen.graph.any_order.aromatic import Aromatic
from molgen.graph.any_order.growing import Growing, readings
from molgen.graph.any_order.growth import BONDS, RELATIONS, History, history
from molgen.graph.any_order.network import ANCHORS, GrowingNetwork, NeighbourHead
from molgen.graph.generator import GraphGenerator, GraphGeneratorConfig, state_graphs
from molgen.sampling import SamplingConfig
from molgen.transformer import TransformerConfig

_REDRAWS = 8
"""Most drawings of one molecule under the valence guard."""


class AnyOrderGraphConfig(GraphGeneratorConfig):
    """Everything needed to build the generator again.

    Attributes:
        blocks: sizes of the blocks of atoms that molecules are uncovered in, in canonical order, each in a random order
            inside; one size is drawn for every molecule in training. 0 is one block, all in a random order.
        network: its shape.
    """

    blocks: tuple[Annotated[int, Field(ge=0)], ...] = Field((1,), min_length=1)
    network: TransformerConfig = TransformerConfig()


class AnyOrderGraph(GraphGenerator):
    """Absorbing diffusion in which an atom and its bonds are masked together, in the time-free form of `AnyOrder`.

    A mask that falls uncovers the category of an atom and its bonds to the atoms uncovered before (as in GraphARM, Kong
    et al., 2023): first the category, then the neighbours from the last place to the first, each by a pointer. A slot
    of the network holds the atom just uncovered and the place to be uncovered next; its attention to earlier atoms
    knows how they are bonded, how far apart they are along bonds, and how much of their valence is used. So rings and
    valence, which are what is hard in a molecule, are things the network reads, not things that it has to work out.

    Args:
        config: everything.
    """

    kind: ClassVar[str] = "graph-any-order"
    valences: Tensor
    settings = frozenset({"temperature", "top_p", "guidance", "block", "valence_guard"})
    variables = ("atoms", "bonds")
    config: AnyOrderGraphConfig

    def __init__(self, config: AnyOrderGraphConfig) -> None:
        super().__init__(config)
        width, atoms = config.network.width, len(config.atoms)
        self.masked = atoms
        self.network = GrowingNetwork(config.network, atoms, max(config.sizes))
        self.atom_head = nn.Linear(width, atoms)
        self.neighbour_head = NeighbourHead(width, atoms)
        self.register_buffer("valences", torch.tensor(aromatic_valences(self.vocabulary)), persistent=False)

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Self:
        return cls(AnyOrderGraphConfig.model_validate(config))

    def loss(self, batch: GraphBatch, streams: Streams, objective: str = "cross-entropy") -> dict[str, Tensor]:
        self.check_objective(objective)
        sizes = torch.tensor(self.config.blocks, device=batch.atoms.device)
        chosen = sizes[(streams.fold(1).uniform() * len(sizes)).long()]
        return self.cost(batch, block_order(batch.atoms.shape[1], chosen, streams.fold(0)))

    def bound(self, batch: GraphBatch, streams: Streams) -> Tensor:
        n = batch.atoms.shape[1]
        cost = self.cost(batch, block_order(n, self._block(self.sampling), streams))
        return cost["atoms"] + cost["bonds"] - math.log(self.config.sizes.get(n, 0.0) or 1e-12)

    def tightened(self, bounds: Tensor) -> Tensor:
        return over_orders(bounds)

    def _block(self, sampling: SamplingConfig) -> int:
        """Size of the blocks to sample in: by default the first of training."""
        return self.config.blocks[0] if sampling.block is None else sampling.block

    def cost(self, batch: GraphBatch, order: Tensor) -> dict[str, Tensor]:
        """- log p of graphs given their size, uncovered in some order ``(B, n)``, nats, by kind ``(B,)``."""
        atoms = batch.atoms.gather(1, order)
        past = history(_square(batch.bonds, order), order, self.valences[atoms])
        h = self._states(atoms, past, order)
        kinds = nn.functional.cross_entropy(self.atom_head(h).float().transpose(1, 2), atoms, reduction="none")
        picks = self._neighbour_costs(h, atoms, past, order)
        return {"atoms": kinds.sum(1), "bonds": picks}

    def _states(self, atoms: Tensor, past: History, order: Tensor) -> Tensor:
        """States ``(B, n, width)`` of the slots that ask for each atom."""
        batch, n = atoms.shape
        tokens, places = self.anchors(n, batch, atoms.device)
        pairs = (ANCHORS, -1, ANCHORS, -1)
        relations = nn.functional.pad(past.relations, pairs, value=RELATIONS)
        counts = nn.functional.one_hot(past.relations.tril(-1), RELATIONS)[..., 1:BONDS].sum(2)
        return self.network(
            torch.cat([tokens, atoms[:, :-1]], dim=1),
            nn.functional.pad(counts, (0, 0, ANCHORS, -1)),
            torch.cat([places, order[:, :-1]], dim=1),
            torch.cat([order[:, :1], order], dim=1),
            n,
            relations,
            nn.functional.pad(past.used, pairs),
            Aromatic(
                nn.functional.pad(past.aromatic.states, pairs),
                *(nn.functional.pad(count, (ANCHORS, -1)) for count in past.aromatic[1:]),
            ),
        )[:, 1:]

    def _neighbour_costs(self, h: Tensor, atoms: Tensor, past: History, order: Tensor) -> Tensor:
        """- log p of all bonds given the atoms, ``(B,)``."""
        head, (batch, n) = self.neighbour_head, atoms.shape
        bonded = past.kinds > 0
        states = torch.cat([h[:, 1:], h[:, :1]], dim=1)  # of the slot that read each atom; the last one is never picked
        index = past.neighbours.flatten(1)[..., None].expand(-1, -1, h.shape[2])
        told = head.context(states.gather(1, index).view(*past.kinds.shape, -1), past.kinds)
        chosen = nn.functional.pad(told.cumsum(2), (0, 0, 1, 0))
        around = nn.functional.pad(past.around, (0, 0, 1, 0), value=RELATIONS)
        last = order[:, None].expand(-1, n, -1).gather(2, past.neighbours)
        last = nn.functional.pad(last, (1, 0), value=n)
        before = torch.ones(n, n, dtype=torch.bool, device=h.device).tril(-1)
        used, lacking = (  # just before each atom is uncovered
            nn.functional.pad(codes, (0, 0, 1, -1)) * before for codes in (past.used, past.aromatic.states)
        )
        keys = head.keys(states, atoms, used, lacking, order[:, :, None] - order[:, None])
        picked = torch.where(bonded, (past.kinds - 1) * n + past.neighbours, (BONDS - 1) * n)
        picked = nn.functional.pad(picked, (0, 1), value=(BONDS - 1) * n)
        row, m, number = nn.functional.pad(bonded, (1, 0), value=True).nonzero(as_tuple=True)  # up to the stop
        logits = head(
            (h + head.kind(atoms))[row, m] + chosen[row, m, number],
            keys[row, m],
            around[row, m, number],
            (before[m] & (order[row] < last[row, m, number][:, None]))[:, None],
        )
        costs = nn.functional.cross_entropy(logits, picked[row, m, number], reduction="none")
        return costs.new_zeros(batch).index_add(0, row, costs)

    def anchors(self, n: int, rows: int, device: torch.device) -> tuple[Tensor, Tensor]:
        """Tokens and places ``(B, 2)`` of the two slots that stand for no atom."""
        tokens = torch.arange(self.masked, self.masked + ANCHORS, device=device)
        return tokens.expand(rows, -1), torch.tensor([-1, n], device=device).expand(rows, -1)

    @torch.no_grad()
    def sample_states(
        self, size: int, streams: Streams, sampling: SamplingConfig, observer: Callable[[State], None] | None = None
    ) -> tuple[State, list[int]]:
        state = self._grow(size, streams, sampling, observer)
        cost = size * readings(sampling)
        calls = [cost] * len(streams.keys)
        for number in range(1, _REDRAWS if sampling.valence_guard else 1):
            wrong = [row for row, graph in enumerate(state_graphs(state)) if not self._sound(graph)]
            if not wrong:
                break
            again = self._grow(size, streams.select(torch.tensor(wrong)).fold(-number), sampling, observer)
            for kind, values in again.items():
                state[kind][wrong] = values
            for row in wrong:
                calls[row] += cost
        return state, calls

    def _sound(self, graph: MoleculeGraph) -> bool:
        return strict_smiles(self.codec.decode(graph)) is not None

    def _grow(
        self, size: int, streams: Streams, sampling: SamplingConfig, observer: Callable[[State], None] | None
    ) -> State:
        order = block_order(size, 1 if sampling.valence_guard else self._block(sampling), streams.fold(0))
        atoms = torch.full_like(order, self.masked)
        bonds = order.new_zeros(*order.shape, size)
        growing = Growing(self, size, order, sampling)
        for m in range(size):
            atom, row = growing.step(streams.fold(m + 1))
            here = order[:, m : m + 1]
            atoms.scatter_(1, here, atom[:, None])
            row = torch.zeros_like(order).scatter_(1, order[:, :m], row)
            bonds.scatter_(1, here[..., None].expand(-1, -1, size), row[:, None])
            if observer is not None:
                observer({"atoms": atoms.clone(), "bonds": _listed(bonds)})
        return {"atoms": atoms, "bonds": _listed(bonds)}


def _square(bonds: Tensor, order: Tensor) -> Tensor:
    """Bonds ``(B, n (n - 1) / 2)`` as a square ``(B, n, n)``, atoms in another order."""
    batch, n = order.shape
    i, j = torch.triu_indices(n, n, 1, device=bonds.device)
    square = bonds.new_zeros(batch, n, n)
    square[:, i, j] = square[:, j, i] = bonds
    rows = torch.arange(batch, device=bonds.device)[:, None, None]
    return square[rows, order[:, :, None], order[:, None]]


def _listed(bonds: Tensor) -> Tensor:
    """The inverse, of half a square or of a whole one, atoms in the molecule's order."""
    n = bonds.shape[1]
    i, j = torch.triu_indices(n, n, 1, device=bonds.device)
    return torch.maximum(bonds[:, i, j], bonds[:, j, i])
