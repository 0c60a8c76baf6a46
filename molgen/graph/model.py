"""Discrete diffusion on molecular graphs: process, network and vocabulary together."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any, ClassVar, Self

import numpy as np
import torch
from pydantic import BaseModel, ConfigDict, model_validator
from rdkit import Chem
from torch import Tensor

from molgen.chem.codec import GraphCodec, MoleculeGraph
from molgen.chem.strict import raw_smiles, strict_smiles
from molgen.chem.vocabulary import BOND_NAMES, Vocabulary
from molgen.datasets.batches import GraphBatch
from molgen.diffusion.objectives import tightest_bound, training_loss
from molgen.diffusion.process import Process, State
from molgen.diffusion.samplers import Observer
from molgen.diffusion.schedules import make_schedule
from molgen.diffusion.streams import Streams
from molgen.diffusion.transitions import make_transition
from molgen.errors import MolgenError
from molgen.generator import Attempt, Form, Generator
from molgen.graph.denoiser import DenoiserConfig, GraphDenoiser
from molgen.graph.features import atom_code, bond_code
from molgen.noise import NoiseConfig, TransitionName
from molgen.sampling import DENOISING, SamplingConfig

_SIZE_STREAM, _STATE_STREAM = 0, 1
_TRACE_ATTEMPTS = 100


class ProcessConfig(NoiseConfig):
    """The noise.

    Attributes:
        atoms: transition of atoms.
        bonds: transition of bonds.
    """

    atoms: TransitionName = "marginal"
    bonds: TransitionName = "marginal"


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
    settings = DENOISING
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
        return tightest_bound(self.process, self.denoiser, _state(batch), streams) + cost

    def sample_batch(self, size: int, streams: Streams, sampling: SamplingConfig, form: Form) -> list[Attempt]:
        read = raw_smiles if form == "raw" else strict_smiles
        graphs = self.sample_graphs(size, streams, sampling)
        return [Attempt(read(self.codec.decode(graph)), sampling.steps) for graph in graphs]

    def trace(self, seed: int = 0, **sampling: Any) -> list[Chem.Mol]:
        config = self.sampling_with(**sampling)
        for number in range(_TRACE_ATTEMPTS):
            examples = torch.tensor([number], device=self.device)
            streams = Streams.from_seed(seed, examples)
            states: list[tuple[float, State]] = []
            graphs = self.sample_graphs(
                int(self.draw_sizes(streams, config)), streams, config, observer=partial(_remember, states)
            )
            if strict_smiles(self.codec.decode(graphs[0])) is not None:
                return [draw_state(state, self.vocabulary) for _, state in states]
        raise MolgenError(f"none of {_TRACE_ATTEMPTS} attempts was valid; sample with more steps or another seed")

    def draw_sizes(self, streams: Streams, sampling: SamplingConfig) -> Tensor:
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
        sampler = (sampling or self.sampling).build(self.process)
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
    return Process(
        {
            "atoms": make_transition(process.atoms, config.atom_marginal, atom_codes, length),
            "bonds": make_transition(process.bonds, config.bond_marginal, bond_codes, length),
        },
        make_schedule(process.schedule, process.power),
        process.parameterisation,
        process.steps,
    )


def _state(batch: GraphBatch) -> State:
    return {"atoms": batch.atoms, "bonds": batch.bonds}
