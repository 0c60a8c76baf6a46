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
from molgen.constraints.conditions import Conditions
from molgen.datasets.batches import GraphBatch
from molgen.diffusion.orders import block_order, over_orders
from molgen.diffusion.process import State
from molgen.diffusion.random_keys import RandomKeys
from molgen.graph.autoregressive.aromatic import Aromatic
from molgen.graph.autoregressive.decoder import Growing, readings
from molgen.graph.autoregressive.network import ANCHORS, GrowingNetwork, NeighbourHead
from molgen.graph.autoregressive.outlook import effects, outlooks
from molgen.graph.autoregressive.partial_graph import BONDS, RELATIONS, History, history
from molgen.graph.generator import GraphGenerator, GraphGeneratorConfig, state_graphs
from molgen.models.sampling import SamplingConfig
from molgen.nn.pairs import list_to_square, square_to_list
from molgen.nn.transformer import TransformerConfig

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

    def compile_layers(self) -> None:
        for block in self.network.transformer.blocks:
            block.compile(dynamic=True)

    def loss(self, batch: GraphBatch, rng: RandomKeys, objective: str = "cross-entropy") -> dict[str, Tensor]:
        self.check_objective(objective)
        sizes = torch.tensor(self.config.blocks, device=batch.atoms.device)
        chosen = sizes[(rng.fold_in(1).uniform() * len(sizes)).long()]
        return self.cost(batch, block_order(batch.atoms.shape[1], chosen, rng.fold_in(0)))

    def bound(self, batch: GraphBatch, rng: RandomKeys) -> Tensor:
        n = batch.atoms.shape[1]
        cost = self.cost(batch, block_order(n, self._block(self.sampling), rng))
        return cost["atoms"] + cost["bonds"] - math.log(self.config.sizes.get(n, 0.0) or 1e-12)

    def reward(self, batch: GraphBatch, rng: RandomKeys) -> tuple[Tensor, float]:
        """REINFORCE (Williams, 1992): the gradient is that of the number of valid attempts.

        Its mean over attempts of (valid - share of valid ones) times the gradient of log p. Where few are invalid, as
        many valid ones as invalid ones stand for all of them: the others would cost time and tell little.
        """
        size = batch.atoms.shape[1]
        state, _ = self.sample_states(size, rng, SamplingConfig())
        valid = torch.tensor([self._sound(graph) for graph in state_graphs(state)], device=self.device)
        share = float(valid.float().mean())
        wrong, right = (~valid).nonzero()[:, 0], valid.nonzero()[:, 0]
        some = right[: len(wrong)]
        if not len(some):
            return torch.zeros((), device=self.device), share
        rows = torch.cat([some, wrong])
        drawn = GraphBatch(state["atoms"][rows], state["bonds"][rows], batch.examples[rows], batch.visit)
        order = block_order(size, self._block(SamplingConfig()), rng.fold_in(0))[rows]
        cost = self.cost(drawn, order)
        log_p = -(cost["atoms"] + cost["bonds"])
        gain, loss = (1 - share) * len(right) / len(some), share
        return gain * log_p[: len(some)].sum() - loss * log_p[len(some) :].sum(), share

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
        states = torch.cat([h[:, 1:], h[:, :1]], dim=1)  # of the slot that read each atom; the last one is never picked
        bonded = past.kinds > 0
        row, m, number = nn.functional.pad(bonded, (1, 0), value=True).nonzero(as_tuple=True)  # up to the stop
        here = row * n + m
        before = torch.ones(n, n, dtype=torch.bool, device=h.device).tril(-1)
        used, lacking = (  # just before each atom is uncovered
            nn.functional.pad(codes, (0, 0, 1, -1)) * before for codes in (past.used, past.aromatic.states)
        )
        keys = head.keys(states, atoms, used, lacking, order[:, :, None] - order[:, None])
        around = nn.functional.pad(past.around, (0, 0, 1, 0), value=RELATIONS)
        last = order[:, None].expand(-1, n, -1).gather(2, past.neighbours)
        last = nn.functional.pad(last, (1, 0), value=n)
        picked = torch.where(bonded, (past.kinds - 1) * n + past.neighbours, (BONDS - 1) * n)
        picked = nn.functional.pad(picked, (0, 1), value=(BONDS - 1) * n)
        standing, prospects = self._outlooks(atoms, past, row, m, number)
        logits = head(
            (h + head.kind(atoms)).flatten(0, 1).index_select(0, here) + self._chosen(states, past, row, m, number),
            keys.flatten(0, 1).index_select(0, here),
            around[row, m, number],
            (before[m] & (order[row] < last[row, m, number][:, None]))[:, None],
            standing,
            prospects,
        )
        costs = nn.functional.cross_entropy(logits, picked[row, m, number], reduction="none")
        return costs.new_zeros(batch).index_add(0, row, costs)

    def _chosen(self, states: Tensor, past: History, row: Tensor, m: Tensor, number: Tensor) -> Tensor:
        """What the neighbours chosen before each choice tell, ``(M, width)``."""
        choice, r = (torch.arange(past.kinds.shape[2], device=row.device) < number[:, None]).nonzero(as_tuple=True)
        where = row[choice], m[choice], r
        neighbours = states.flatten(0, 1).index_select(0, where[0] * states.shape[1] + past.neighbours[where])
        told = self.neighbour_head.context(neighbours, past.kinds[where])
        return told.new_zeros(len(row), told.shape[1]).index_add(0, choice, told)

    def _outlooks(self, atoms: Tensor, past: History, row: Tensor, m: Tensor, number: Tensor) -> tuple[Tensor, Tensor]:
        """What rings lack after some choices ``(M,)``, and would lack after one more ``(M, 4, c)``."""
        each = effects(past.rings.atoms(past.neighbours), past.kinds)
        done = nn.functional.pad(each.cumsum(-1, dtype=torch.int8), (1, 0))[:, row, m, number]
        valences = self.valences[atoms][row, m].to(torch.int8)
        left = (atoms.shape[1] - 1 - m).to(torch.int8)
        return outlooks(past.rings.rows(row, m), done, valences, left)

    def anchors(self, n: int, rows: int, device: torch.device) -> tuple[Tensor, Tensor]:
        """Tokens and places ``(B, 2)`` of the two slots that stand for no atom."""
        tokens = torch.arange(self.masked, self.masked + ANCHORS, device=device)
        return tokens.expand(rows, -1), torch.tensor([-1, n], device=device).expand(rows, -1)

    @torch.no_grad()
    def sample_states(
        self,
        size: int,
        rng: RandomKeys,
        sampling: SamplingConfig,
        observer: Callable[[State], None] | None = None,
        conditions: Conditions | None = None,  # `Generator.sample` refuses all of them here
    ) -> tuple[State, list[int]]:
        state = self._grow(size, rng, sampling, observer)
        cost = size * readings(sampling)
        calls = [cost] * len(rng.keys)
        for number in range(1, _REDRAWS if sampling.valence_guard else 1):
            wrong = [row for row, graph in enumerate(state_graphs(state)) if not self._sound(graph)]
            if not wrong:
                break
            again = self._grow(size, rng.select(torch.tensor(wrong)).fold_in(-number), sampling, observer)
            for kind, values in again.items():
                state[kind][wrong] = values
            for row in wrong:
                calls[row] += cost
        return state, calls

    def _sound(self, graph: MoleculeGraph) -> bool:
        return strict_smiles(self.codec.decode(graph)) is not None

    def _grow(
        self, size: int, rng: RandomKeys, sampling: SamplingConfig, observer: Callable[[State], None] | None
    ) -> State:
        order = block_order(size, 1 if sampling.valence_guard else self._block(sampling), rng.fold_in(0))
        atoms = torch.full_like(order, self.masked)
        bonds = order.new_zeros(*order.shape, size)
        growing = Growing(self, size, order, sampling)
        for m in range(size):
            atom, row = growing.step(rng.fold_in(m + 1))
            here = order[:, m : m + 1]
            atoms.scatter_(1, here, atom[:, None])
            row = torch.zeros_like(order).scatter_(1, order[:, :m], row)
            bonds.scatter_(1, here[..., None].expand(-1, -1, size), row[:, None])
            if observer is not None:
                observer({"atoms": atoms.clone(), "bonds": _listed(bonds)})
        return {"atoms": atoms, "bonds": _listed(bonds)}


def _square(bonds: Tensor, order: Tensor) -> Tensor:
    """Bonds ``(B, n (n - 1) / 2)`` as a square ``(B, n, n)``, atoms in another order."""
    rows = torch.arange(len(order), device=bonds.device)[:, None, None]
    return list_to_square(bonds)[rows, order[:, :, None], order[:, None]]


def _listed(bonds: Tensor) -> Tensor:
    """The inverse, of half a square or of a whole one, atoms in the molecule's order."""
    return square_to_list(torch.maximum(bonds, bonds.transpose(1, 2)))
