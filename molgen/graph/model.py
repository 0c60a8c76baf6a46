"""Discrete diffusion on molecular graphs: process, network and vocabulary together."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, ClassVar, Self

import numpy as np
from pydantic import model_validator
from torch import Tensor, nn

from molgen.chem.bonds import BOND_NAMES, BONDS
from molgen.chem.codes import atom_code, bond_code
from molgen.chem.vocabulary import Vocabulary
from molgen.constraints.conditions import Conditions
from molgen.datasets.batches import GraphBatch
from molgen.diffusion.objectives import tightest_bound, training_loss
from molgen.diffusion.process import Process, State
from molgen.diffusion.random_keys import RandomKeys
from molgen.diffusion.schedules import make_schedule
from molgen.diffusion.transitions import make_transition
from molgen.graph.config import DenoiserConfig, ProcessConfig
from molgen.graph.denoiser import GraphDenoiser
from molgen.graph.frozen import FrozenFragment
from molgen.graph.generator import STATES, GraphGenerator, GraphGeneratorConfig
from molgen.graph.layers import GraphLayer
from molgen.models.sampling import DENOISING, SamplingConfig
from molgen.system.bounds import Share


class GraphModelConfig(GraphGeneratorConfig):
    """Everything needed to build the generator again.

    Attributes:
        atom_marginal: share of each atom category in training.
        bond_marginal: share of each bond category in training.
        process: the noise.
        denoiser: the network.
    """

    atom_marginal: tuple[Share, ...]
    bond_marginal: tuple[Share, ...]
    process: ProcessConfig = ProcessConfig()
    denoiser: DenoiserConfig

    @model_validator(mode="after")
    def _check(self) -> GraphModelConfig:
        if len(self.atom_marginal) != len(self.atoms) or len(self.bond_marginal) != len(BOND_NAMES):
            raise ValueError("marginals and categories differ in number")
        if max(self.sizes) > self.denoiser.max_atoms:
            raise ValueError(f"sizes must lie between 1 and max_atoms = {self.denoiser.max_atoms}")
        return self


class GraphDiffusion(GraphGenerator):
    """Generates molecules by denoising a typed graph: size first, then all atoms and bonds together.

    Args:
        config: everything.
    """

    family: ClassVar[str] = "graph"
    settings = DENOISING
    variables = ("atoms", "bonds")
    config: GraphModelConfig

    def __init__(self, config: GraphModelConfig) -> None:
        super().__init__(config)
        if config.process.parameterisation == "reverse":
            self.sampling = SamplingConfig(sampler="ancestral", steps=config.process.steps)
        self.process = build_process(config, self.vocabulary)
        self.denoiser = GraphDenoiser(
            config.denoiser,
            atom_states=self.process.transition("atoms").num_states,
            bond_states=self.process.transition("bonds").num_states,
        )

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Self:
        return cls(GraphModelConfig.model_validate(config))

    @property
    def largest(self) -> int:
        return self.config.denoiser.max_atoms

    def heads(self) -> Sequence[nn.Module]:
        return (self.denoiser.atom_head, self.denoiser.bond_head)

    def compile_layers(self) -> None:
        for layer in self.denoiser.layers:
            assert isinstance(layer, GraphLayer)
            layer.compile_dense()

    def loss(self, batch: GraphBatch, rng: RandomKeys, objective: str = "cross-entropy") -> dict[str, Tensor]:
        return training_loss(self.process, self.denoiser, _state(batch), rng, objective)

    def bound(self, batch: GraphBatch, rng: RandomKeys) -> Tensor:
        cost = -np.log(self.config.sizes.get(batch.atoms.shape[1], 0.0) or 1e-12)
        return tightest_bound(self.process, self.denoiser, _state(batch), rng) + cost

    def sample_states(
        self,
        size: int,
        rng: RandomKeys,
        sampling: SamplingConfig,
        observer: Callable[[State], None] | None = None,
        conditions: Conditions | None = None,
    ) -> tuple[State, list[int]]:
        """See `GraphGenerator.sample_states`; atoms and bonds of a fragment are held fixed.

        Raises:
            MolgenError: a size the network has no place for.
        """
        given = self._frozen(conditions)
        frozen = None if given is None else given.variables(size, len(rng.keys), rng.keys.device)
        state = sampling.build(self.process).sample(
            self.process,
            self.denoiser,
            {"atoms": size, "bonds": size * (size - 1) // 2},
            rng.fold_in(STATES),
            frozen=frozen,
            observer=None if observer is None else lambda _, state: observer(state),
        )
        return state, [sampling.steps] * len(rng.keys)

    @property
    def conditions(self) -> frozenset[str]:
        return frozenset({"fragment", "atoms"})

    def least_atoms(self, conditions: Conditions) -> int:
        given = self._frozen(conditions)
        return 1 if given is None else given.least

    def _frozen(self, conditions: Conditions | None) -> FrozenFragment | None:
        fragment = None if conditions is None else conditions.fragment
        return None if fragment is None else FrozenFragment(fragment, self.vocabulary)


def build_process(config: GraphModelConfig, vocabulary: Vocabulary) -> Process:
    """The process on atoms and bonds that a configuration describes."""
    process = config.process
    length = process.hamming_length
    atom_codes = [atom_code(atom) for atom in vocabulary.templates]
    bond_codes = [bond_code(bond) for bond in BONDS]
    return Process(
        {
            "atoms": make_transition(process.atoms, config.atom_marginal, atom_codes, length),
            "bonds": make_transition(process.bonds, config.bond_marginal, bond_codes, length),
        },
        make_schedule(process.schedule, process.power),
        process.parameterisation,
        process.steps,
        process.time_power,
    )


def _state(batch: GraphBatch) -> State:
    return {"atoms": batch.atoms, "bonds": batch.bonds}
