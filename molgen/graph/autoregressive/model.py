"""An autoregressive model of graphs: atom after atom, each with its bonds to the atoms before it."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any, ClassVar, Self

import numpy as np
import torch
from torch import Tensor, nn

from molgen.chem.strict import raw_smiles, strict_smiles
from molgen.chem.valence import aromatic_valences
from molgen.constraints.conditions import Conditions, Interval
from molgen.datasets.batches import GraphBatch
from molgen.datasets.encoded import EncodedDataset
from molgen.diffusion.orders import block_order, over_orders
from molgen.diffusion.process import State
from molgen.diffusion.random_keys import RandomKeys
from molgen.features.named_properties import PROPERTIES
from molgen.graph.autoregressive.config import AutoregressiveGraphConfig
from molgen.graph.autoregressive.costs import list_choices, neighbour_costs
from molgen.graph.autoregressive.decoder import begun
from molgen.graph.autoregressive.given import Given
from molgen.graph.autoregressive.mixed import sample_mixed
from molgen.graph.autoregressive.network import ANCHORS, GraphTransformer, NeighbourHead, after_anchors
from molgen.graph.autoregressive.orders import CANONICAL, ORDER_NAMES, PIECES
from molgen.graph.autoregressive.partial_graph import BONDS, RELATIONS
from molgen.graph.autoregressive.plan import Asked, Plan
from molgen.graph.autoregressive.preparation import Preparation, reordered, squares
from molgen.graph.autoregressive.properties import PropertyCondition
from molgen.graph.autoregressive.reward import advantages, asked_as_in, followed
from molgen.graph.autoregressive.sampling import block_size, decode, judged, sample
from molgen.graph.autoregressive.teacher_forcing import TeacherForcing, teacher_forcing, together
from molgen.graph.generator import STATES, GraphGenerator, state_graphs
from molgen.models.results import Attempt
from molgen.models.sampling import SamplingConfig
from molgen.models.source import Form
from molgen.nn.transformer import Cache
from molgen.system.hardware import parallel_map

_TARGETS, _ORDERS = 2, 1 << 20
"""Streams of random numbers for targets and for generation orders; 0 and 1 are those of sizes and of states."""
TARGETS = 16_384
"""Training molecules whose properties and sizes a conditioned model holds, to draw targets from."""


class AutoregressiveGraphModel(GraphGenerator):
    """Graphs generated atom by atom, each with its bonds to the atoms before it (as in GraphARM, Kong et al., 2023).

    At each step the category of the next atom is drawn, and then its neighbours among the earlier atoms, from the last
    place to the first, by a pointer over candidates and bond categories that ends with a stop. A slot of the causal
    Transformer reads the atom added last and predicts the next one; its attention to earlier atoms is biased by their
    bonds, by distances along bonds, by the valence used and by the state of aromatic rings.

    In blocks of one atom this is an autoregressive model. In larger blocks, with a random order inside each, it is
    absorbing diffusion in its time-free form, in which an atom and its bonds are masked together.

    It can be trained on several generation orders, with given pieces of molecules among them, and conditioned on
    properties; see `molgen.graph.autoregressive.orders` and `molgen.graph.autoregressive.properties`.

    Args:
        config: everything.
    """

    family: ClassVar[str] = "graph-autoregressive"
    targets: Tensor
    settings = frozenset({"temperature", "top_p", "guidance", "block", "valence_guard"})
    variables = ("atoms", "bonds")
    mixes: ClassVar[bool] = True
    config: AutoregressiveGraphConfig

    def __init__(self, config: AutoregressiveGraphConfig) -> None:
        super().__init__(config)
        width, atoms = config.network.width, len(config.atoms)
        self.masked = atoms
        self.network = GraphTransformer(
            config.network, atoms, max(config.sizes), config.mixed, conditioned=bool(config.properties)
        )
        self.condition = PropertyCondition(config.properties) if config.properties else None
        self.atom_head = nn.Linear(width, atoms)
        self.neighbour_head = NeighbourHead(width, atoms, config.mixed)
        if config.properties:
            self.register_buffer("targets", torch.zeros(TARGETS, len(config.properties) + 1))
        self.valences = np.array(aromatic_valences(self.vocabulary))

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Self:
        return cls(AutoregressiveGraphConfig.model_validate(config))

    def heads(self) -> Sequence[nn.Module]:
        return (self.atom_head, self.neighbour_head)

    def compile_layers(self) -> None:
        for block in self.network.transformer.blocks:
            block.compile(dynamic=True)

    def preparation(self, seed: int = 0, dataset: EncodedDataset | None = None) -> Preparation:
        """Makes training batches of graphs, in worker processes as well as here; see `Preparation`."""
        config = self.config
        return Preparation(self.vocabulary, config.orders, config.blocks, tuple(config.properties), seed, dataset)

    def loss(self, batch: TeacherForcing, rng: RandomKeys, objective: str = "cross-entropy") -> dict[str, Tensor]:
        self.check_objective(objective)
        return self.cost(batch)

    def bound(self, batch: GraphBatch, rng: RandomKeys) -> Tensor:
        return self.bounds_by_size([batch], [rng])[0]

    def bounds_by_size(self, batches: Sequence[GraphBatch], rngs: Sequence[RandomKeys]) -> list[Tensor]:
        sizes, block = [batch.atoms.shape[1] for batch in batches], block_size(self.config, self.sampling)
        orders = [block_order(n, block, rng) for n, rng in zip(sizes, rngs, strict=True)]
        costs = self._costs([self.in_order(*each) for each in zip(batches, orders, strict=True)])
        shares = [self.config.sizes.get(n, 0.0) or 1e-12 for n in sizes]
        return [cost - math.log(share) for cost, share in zip(costs, shares, strict=True)]

    def training_costs(self, batches: Sequence[GraphBatch], rngs: Sequence[RandomKeys]) -> list[Tensor]:
        if not self.config.mixed:
            return self.bounds_by_size(batches, rngs)
        preparation, ordered = self.preparation(), []
        for batch, rng in zip(batches, rngs, strict=True):
            keys = RandomKeys(rng.keys.cpu())
            names = keys.fold_in(_ORDERS).categorical(preparation.shares.expand(len(batch), -1))
            ordered.append(preparation.ordered(batch.to(torch.device("cpu")), names, keys).to(self.device))
        return self._costs(ordered)

    def _costs(self, batches: Sequence[TeacherForcing]) -> list[Tensor]:
        """- log p of molecules of several sizes, given these, computed at once."""
        cost = self.cost(together(batches))
        return list(torch.split(cost["atoms"] + cost["bonds"], [len(batch) for batch in batches]))

    @property
    def exact(self) -> bool:
        """Where atoms come in canonical order."""
        return block_size(self.config, self.sampling) == 1

    def validation(self, batch: GraphBatch, rng: RandomKeys) -> dict[str, Tensor]:
        found = super().validation(batch, rng)
        if not self.config.mixed:
            return found
        preparation, host = self.preparation(), batch.to(torch.device("cpu"))
        keys = RandomKeys(rng.keys.cpu())
        for index, name in enumerate(ORDER_NAMES):
            ordered = preparation.ordered(host, torch.full_like(host.examples, index), keys).to(self.device)
            cost = self.cost(ordered)
            found[f"{name}_nats"] = cost["atoms"] + cost["bonds"]
        return found

    def in_order(self, batch: GraphBatch, order: Tensor, asked: Asked | None = None) -> TeacherForcing:
        """Graphs with their atoms in some order of places ``(B, n)``.

        Args:
            batch: graphs.
            order: of their atoms; 0, 1, ... where something is given.
            asked: what they have been generated under; by default nothing.
        """
        asked = Asked() if asked is None else asked
        sequence = order.cpu().numpy()
        host, rows = batch.to(torch.device("cpu")), len(batch)
        given, pieces, leaving = begun(rows, sequence.shape[1], asked.given)
        none = torch.zeros(rows, len(self.config.properties))
        values, known = (none, none.bool()) if asked.targets is None else (part.cpu() for part in asked.targets)
        forced = teacher_forcing(
            np.take_along_axis(host.atoms.numpy(), sequence, 1),
            reordered(squares(host), sequence),
            sequence,
            self.valences,
            order=np.full(rows, CANONICAL if asked.given is None else PIECES),
            given=given,
            pieces=pieces,
            leaving=leaving,
            examples=host.examples,
            visit=host.visit,
            properties=values,
            known=known,
        )
        return forced.to(self.device)

    def reward(self, batch: TeacherForcing, rng: RandomKeys, following: float = 0.0) -> tuple[Tensor, float]:
        """REINFORCE (Williams, 1992): the gradient is that of the sum of the rewards of attempts.

        Attempts are made under what the batch has been prepared with, see `asked_as_in`. The reward of a valid one is
        1 - following, and up to `following` more for coming near the properties asked for; of an invalid one 0. What
        does not have its given pieces, joined as they are meant to be, counts as invalid.
        """
        size = batch.atoms.shape[1]
        asked, group = asked_as_in(batch, self.vocabulary)
        with torch.no_grad():
            state, satisfied = decode(self, size, rng, SamplingConfig(), asked)
        judgement = judged(self.codec, state, asked)
        valid = [smiles if ok else None for smiles, ok in zip(judgement, satisfied, strict=True)]
        share = sum(smiles is not None for smiles in valid) / max(1, len(valid))
        rewards = torch.tensor(self._rewards(valid, asked, following), device=self.device)
        weight = advantages(rewards, group)
        rows = weight.nonzero()[:, 0]
        if not len(rows):
            return torch.zeros((), device=self.device), share
        drawn = GraphBatch(state["atoms"][rows], state["bonds"][rows], batch.examples[rows], batch.visit)
        block = 1 if asked.given is not None else block_size(self.config, SamplingConfig())
        order = block_order(size, block, rng.fold_in(0))[rows]
        cost = self.cost(self.in_order(drawn, order, asked.rows(rows)))
        return -((cost["atoms"] + cost["bonds"]) * weight[rows]).sum(), share

    def _rewards(self, valid: Sequence[str | None], asked: Asked, following: float) -> list[float]:
        if asked.targets is None or self.condition is None or not following:
            return [float(smiles is not None) for smiles in valid]
        names, deviations = list(self.config.properties), self.condition.deviations.cpu()
        values, known = (part.cpu() for part in asked.targets)
        return [
            0.0 if smiles is None else 1 - following + following * followed(smiles, names, value, some, deviations)
            for smiles, value, some in zip(valid, values, known, strict=True)
        ]

    def tightened(self, bounds: Tensor) -> Tensor:
        return over_orders(bounds)

    def cost(self, batch: TeacherForcing) -> dict[str, Tensor]:
        """- log p of the atoms that are not given and of their bonds, nats, each ``(B,)``."""
        number = torch.arange(batch.atoms.shape[1], device=batch.atoms.device)
        predicted = (number >= batch.given[:, None]) & (number < batch.sizes[:, None])
        choices = list_choices(batch, predicted)
        condition = None if self.condition is None else self.condition(batch.properties, batch.known)
        h = self.states(batch, condition)
        kinds = nn.functional.cross_entropy(self.atom_head(h).float().transpose(1, 2), batch.atoms, reduction="none")
        return {"atoms": (kinds * predicted).sum(1), "bonds": neighbour_costs(self.neighbour_head, h, batch, choices)}

    def states(self, batch: TeacherForcing, condition: Tensor | None, cache: Cache | None = None) -> Tensor:
        """States ``(B, n, width)`` of the slots that predict each atom of a batch.

        Args:
            batch: molecules, or the first atoms of them and one more, which is not read.
            condition: of properties ``(B, CONDITION_WIDTH)``, or ``(1, CONDITION_WIDTH)`` for all.
            cache: is given the slots, to go on from.
        """
        tokens, places = self.anchors(batch.sizes)
        counts = nn.functional.one_hot(batch.features.relations.long().tril(-1), RELATIONS)[..., 1:BONDS].sum(2)
        return self.network(
            torch.cat([tokens, batch.atoms[:, :-1]], dim=1),
            nn.functional.pad(counts, (0, 0, ANCHORS, -1)),
            torch.cat([places, batch.places[:, :-1]], dim=1),
            torch.cat([batch.places[:, :1], batch.places], dim=1),
            batch.sizes,
            after_anchors(batch.features, before=ANCHORS, after=-1),
            batch.order,
            condition,
            cache,
        )[:, 1:]

    def anchors(self, sizes: Tensor) -> tuple[Tensor, Tensor]:
        """Tokens and places ``(B, 2)`` of the two slots that stand for no atom, of molecules of some sizes ``(B,)``."""
        tokens = torch.arange(self.masked, self.masked + ANCHORS, device=sizes.device)
        return tokens.expand(len(sizes), -1), torch.stack([torch.full_like(sizes, -1), sizes], dim=1)

    @property
    def conditions(self) -> frozenset[str]:
        given = {"fragment", "atoms"} if self.config.mixed else {"atoms"}
        return frozenset(given | set(self.config.properties))

    def training_ranges(self) -> dict[str, Interval]:
        if not self.config.properties:
            return {}
        values = self.targets.float()
        bounds = [(float(f"{low:.3g}"), float(f"{high:.3g}")) for low, high in zip(*values.aminmax(dim=0), strict=True)]
        names = [name for name in self.config.properties if name in PROPERTIES]
        return {name: Interval(*bounds[list(self.config.properties).index(name)]) for name in names}

    def cautions(self, conditions: Conditions) -> list[str]:
        found = super().cautions(conditions)
        if not self._plan(conditions).exact:
            found.append("none of the training molecules that the model holds has all that is asked for together")
        return found

    def draw_sizes(self, rng: RandomKeys, sampling: SamplingConfig, conditions: Conditions | None = None) -> Tensor:
        if conditions is None:
            return super().draw_sizes(rng, sampling)
        return self._plan(conditions).sizes(rng.fold_in(_TARGETS))

    def sample_batch(
        self, size: int, rng: RandomKeys, sampling: SamplingConfig, form: Form, conditions: Conditions | None = None
    ) -> list[Attempt]:
        asked = self._decoded_from(rng, conditions)
        state, calls, known = sample(self, self.codec, size, rng.fold_in(STATES), sampling, asked)
        read = strict_smiles if form == "strict" else raw_smiles
        graphs = state_graphs(state)
        if known is None:  # not under the valence guard
            known = [None] * len(graphs)
        return [
            Attempt(smiles if smiles is not None else read(self.codec.decode(graph)), count)
            for graph, smiles, count in zip(graphs, known, calls, strict=True)
        ]

    def sample_several(
        self,
        sizes: Sequence[int],
        rng: RandomKeys,
        sampling: SamplingConfig,
        form: Form,
        conditions: Sequence[Conditions | None],
    ) -> list[Attempt]:
        """All at once, on a CPU in a part per core, under the valence guard where nothing but pieces is asked for."""
        known = {id(one): one for one in conditions if one is not None}
        if not sampling.valence_guard or any(one != Conditions(fragment=one.fragment) for one in known.values()):
            return super().sample_several(sizes, rng, sampling, form, conditions)
        pieces = {key: Given.of(one.fragment, self.vocabulary) for key, one in known.items() if one.fragment}
        given, states = [pieces.get(id(one)) for one in conditions], rng.fold_in(STATES)
        cores = torch.get_num_threads() if self.device.type == "cpu" else 1

        def part(core: int) -> list[Attempt]:
            some = slice(core, None, cores)
            keys = states.select(torch.arange(len(sizes), device=rng.keys.device)[some])
            return sample_mixed(self, self.codec, sizes[some], given[some], keys, sampling)

        found: list[list[Attempt]] = list(parallel_map(part, range(min(cores, len(sizes))), self.device))
        return [found[row % cores][row // cores] for row in range(len(sizes))]

    def sample_states(
        self,
        size: int,
        rng: RandomKeys,
        sampling: SamplingConfig,
        observer: Callable[[State], None] | None = None,
        conditions: Conditions | None = None,
    ) -> tuple[State, list[int]]:
        asked = self._decoded_from(rng, conditions)
        return sample(self, self.codec, size, rng.fold_in(STATES), sampling, asked, observer)[:2]

    def least_atoms(self, conditions: Conditions) -> int:
        return 1 if conditions.fragment is None else Given.of(conditions.fragment, self.vocabulary).smallest

    def _plan(self, conditions: Conditions) -> Plan:
        """How attempts are drawn under conditions."""
        return Plan(self.config, self.vocabulary, getattr(self, "targets", None), conditions)

    def _decoded_from(self, rng: RandomKeys, conditions: Conditions | None) -> Asked:
        """What is given to the decoder of attempts whose sizes have been drawn with the same keys."""
        return Asked() if conditions is None else self._plan(conditions).asked(rng.fold_in(_TARGETS))
