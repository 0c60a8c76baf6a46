"""Discrete diffusion on molecular graphs: process, network and vocabulary together."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any, ClassVar, Literal, Self

import numpy as np
import torch
from pydantic import BaseModel, ConfigDict, Field, model_validator
from rdkit import Chem
from torch import Tensor

from molgen.chem.codec import GraphCodec, MoleculeGraph
from molgen.chem.strict import strict_smiles
from molgen.chem.vocabulary import BOND_NAMES, Vocabulary
from molgen.datasets.batches import GraphBatch
from molgen.diffusion.objectives import training_loss, variational_bound
from molgen.diffusion.process import Process, State
from molgen.diffusion.samplers import Observer
from molgen.diffusion.schedules import Cosine, Linear, Polynomial, Schedule
from molgen.diffusion.streams import Streams
from molgen.diffusion.transitions import Absorbing, Hamming, Marginal, Transition, Uniform
from molgen.errors import MolgenError
from molgen.generator import Generator, Progress, SamplingConfig, T
from molgen.graph.denoiser import DenoiserConfig, GraphDenoiser
from molgen.graph.features import atom_code, bond_code
from molgen.hardware import parallel_map

TransitionName = Literal["uniform", "absorbing", "marginal", "hamming"]

_SIZE_STREAM, _STATE_STREAM = 0, 1
_TRACE_ATTEMPTS = 100


class ProcessConfig(BaseModel):
    """The noise.

    Attributes:
        atoms: transition of atoms.
        bonds: transition of bonds.
        schedule: ``linear``, ``cosine`` or ``polynomial``.
        power: of the polynomial schedule.
        parameterisation: ``x0`` or ``reverse``.
        steps: of the variational bound, and of sampling with ``reverse``.
        hamming_length: distance over which the rates of the hamming transition fall by e.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    atoms: TransitionName = "marginal"
    bonds: TransitionName = "marginal"
    schedule: Literal["linear", "cosine", "polynomial"] = "cosine"
    power: float = Field(2.0, gt=0)
    parameterisation: Literal["x0", "reverse"] = "x0"
    steps: int = Field(100, ge=1)
    hamming_length: float = Field(1.0, gt=0)


class GraphModelConfig(BaseModel):
    """Everything needed to build the generator again.

    Attributes:
        atoms: atom tokens of the vocabulary.
        kekulized: whether aromatic rings have alternating bonds.
        sizes: share of the training molecules with each number of atoms.
        atom_marginal: share of each atom category in training.
        bond_marginal: share of each bond category in training.
        process: the noise.
        denoiser: the network.
        data: name, fingerprint and split of the training data.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    atoms: tuple[str, ...]
    kekulized: bool = False
    sizes: dict[int, float]
    atom_marginal: tuple[float, ...]
    bond_marginal: tuple[float, ...]
    process: ProcessConfig = ProcessConfig()
    denoiser: DenoiserConfig
    data: dict[str, Any] = {}

    @model_validator(mode="after")
    def _check(self) -> GraphModelConfig:
        if len(self.atom_marginal) != len(self.atoms) or len(self.bond_marginal) != len(BOND_NAMES):
            raise ValueError("marginals and categories differ in number")
        if not self.sizes or any(n < 1 or n > self.denoiser.max_atoms or p < 0 for n, p in self.sizes.items()):
            raise ValueError(f"sizes must lie between 1 and max_atoms = {self.denoiser.max_atoms}")
        if sum(self.sizes.values()) <= 0:
            raise ValueError("no size has a positive share")
        return self


class GraphDiffusion(Generator):
    """Generates molecules by denoising a typed graph: size first, then all atoms and bonds together.

    Args:
        config: everything.
    """

    kind: ClassVar[str] = "graph"
    config: GraphModelConfig

    def __init__(self, config: GraphModelConfig) -> None:
        super().__init__()
        self.config = config
        self.sampling = SamplingConfig()
        if config.process.parameterisation == "reverse":
            self.sampling = SamplingConfig(sampler="ancestral", steps=config.process.steps)
        self.vocabulary = Vocabulary(config.atoms, config.kekulized)
        self.codec = GraphCodec(self.vocabulary)
        self.process = build_process(config, self.vocabulary)
        self.denoiser = GraphDenoiser(
            config.denoiser,
            atom_states=self.process.transition("atoms").num_states,
            bond_states=self.process.transition("bonds").num_states,
        )

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Self:
        return cls(GraphModelConfig.model_validate(config))

    def loss(self, batch: GraphBatch, streams: Streams, objective: str = "cross-entropy") -> dict[str, Tensor]:
        return training_loss(self.process, self.denoiser, _state(batch), streams, objective)

    def bound(self, batch: GraphBatch, streams: Streams) -> Tensor:
        cost = -np.log(self.config.sizes.get(batch.atoms.shape[1], 0.0) or 1e-12)
        return variational_bound(self.process, self.denoiser, _state(batch), streams) + cost

    def sample(
        self,
        examples: Sequence[int],
        seed: int,
        sampling: SamplingConfig,
        batch_size: int,
        read: Callable[[Chem.Mol], T],
        progress: Progress | None = None,
    ) -> list[T]:
        numbers = torch.tensor(list(examples), dtype=torch.int64, device=self.device)
        sizes = self.draw_sizes(Streams.from_seed(seed, numbers))
        rows_by_size: dict[int, list[int]] = defaultdict(list)
        for row, size in enumerate(sizes.tolist()):
            rows_by_size[size].append(row)
        chunks = [
            (size, rows[begin : begin + batch_size])
            for size, rows in sorted(rows_by_size.items(), reverse=True)  # the longest work first
            for begin in range(0, len(rows), batch_size)
        ]

        def sample_chunk(chunk: tuple[int, list[int]]) -> list[T]:
            size, rows = chunk
            graphs = self.sample_graphs(size, Streams.from_seed(seed, numbers[rows]), sampling)
            return [read(self.codec.decode(graph)) for graph in graphs]

        results: dict[int, T] = {}
        for (_, rows), drawn in zip(chunks, parallel_map(sample_chunk, chunks, self.device), strict=True):
            results.update(zip(rows, drawn, strict=True))
            if progress is not None:
                progress(len(rows))
        return [results[row] for row in range(len(numbers))]

    def trace(self, seed: int = 0, **sampling: Any) -> list[Chem.Mol]:
        config = self.sampling_with(**sampling)
        for number in range(_TRACE_ATTEMPTS):
            examples = torch.tensor([number], device=self.device)
            streams = Streams.from_seed(seed, examples)
            states: list[tuple[float, State]] = []
            graphs = self.sample_graphs(
                int(self.draw_sizes(streams)), streams, config, observer=partial(_remember, states)
            )
            if strict_smiles(self.codec.decode(graphs[0])) is not None:
                return [draw_state(state, self.vocabulary) for _, state in states]
        raise MolgenError(f"none of {_TRACE_ATTEMPTS} attempts was valid; sample with more steps or another seed")

    def draw_sizes(self, streams: Streams) -> Tensor:
        """Numbers of atoms ``(B,)`` as often as in training."""
        sizes = torch.tensor(list(self.config.sizes), device=streams.keys.device)
        shares = torch.tensor(list(self.config.sizes.values()), device=streams.keys.device)
        return sizes[streams.fold(_SIZE_STREAM).categorical(shares.expand(len(streams.keys), -1))]

    def sample_graphs(
        self,
        size: int,
        streams: Streams,
        sampling: SamplingConfig | None = None,
        *,
        frozen: Mapping[str, tuple[Tensor, Tensor]] | None = None,
        observer: Observer | None = None,
    ) -> list[MoleculeGraph]:
        """One graph of `size` atoms per stream.

        Args:
            size: number of atoms.
            streams: randomness, ``(B,)``.
            sampling: by default the model's own.
            frozen: by kind, mask and values of the variables held fixed, ``(B, V)`` each.
            observer: sees every intermediate state.

        Raises:
            MolgenError: a size the network has no place for.
        """
        sampler = (sampling or self.sampling).build()
        state = sampler.sample(
            self.process,
            self.denoiser,
            {"atoms": size, "bonds": size * (size - 1) // 2},
            streams.fold(_STATE_STREAM),
            frozen=frozen,
            observer=observer,
        )
        return state_graphs(state)


def state_graphs(state: State) -> list[MoleculeGraph]:
    """The graphs of a batch of clean states."""
    atoms, bonds = (state[kind].cpu().numpy().astype(np.uint8) for kind in ("atoms", "bonds"))
    return [MoleculeGraph(a, b) for a, b in zip(atoms, bonds, strict=True)]


def _remember(states: list[tuple[float, State]], t: float, state: State) -> None:
    states.append((t, state))


def draw_state(state: State, vocabulary: Vocabulary) -> Chem.Mol:
    """The first molecule of a batch of states as a drawing; a masked atom is ``*``, a masked bond is not drawn."""
    marked = Vocabulary((*vocabulary.atoms, "*"), vocabulary.kekulized)
    graph = state_graphs({"atoms": state["atoms"][:1], "bonds": state["bonds"][:1] % len(BOND_NAMES)})[0]
    return GraphCodec(marked).decode(graph)


def build_process(config: GraphModelConfig, vocabulary: Vocabulary) -> Process:
    """The process on atoms and bonds that a configuration describes."""
    process = config.process
    length = process.hamming_length
    atom_codes = [atom_code(atom) for atom in vocabulary.templates]
    bond_codes = [bond_code(bond) for bond in BOND_NAMES]
    schedules: dict[str, Schedule] = {
        "linear": Linear(),
        "cosine": Cosine(),
        "polynomial": Polynomial(process.power),
    }
    return Process(
        {
            "atoms": _transition(process.atoms, config.atom_marginal, atom_codes, length),
            "bonds": _transition(process.bonds, config.bond_marginal, bond_codes, length),
        },
        schedules[process.schedule],
        process.parameterisation,
        process.steps,
    )


def _transition(
    name: TransitionName, marginal: Sequence[float], codes: Sequence[tuple[object, ...]], length: float
) -> Transition:
    match name:
        case "uniform":
            return Uniform(len(marginal))
        case "absorbing":
            return Absorbing(len(marginal))
        case "marginal":
            return Marginal(marginal)
        case "hamming":
            return Hamming(codes, length)


def _state(batch: GraphBatch) -> State:
    return {"atoms": batch.atoms, "bonds": batch.bonds}
