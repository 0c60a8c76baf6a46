"""What graph generators have in common: vocabulary, sizes, how their states become attempts and pictures."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Iterable, Sequence
from typing import Any, Self, Unpack

import numpy as np
import torch
from pydantic import BaseModel, ConfigDict, model_validator
from rdkit import Chem
from torch import Tensor

from molgen.chem.bonds import BOND_NAMES
from molgen.chem.codec import GraphCodec, MoleculeGraph, tokenize
from molgen.chem.standardize import standardize
from molgen.chem.strict import raw_smiles, strict_smiles
from molgen.chem.vocabulary import Vocabulary
from molgen.constraints.conditions import Conditions, Interval
from molgen.datasets.batches import Arrays, GraphBatch
from molgen.diffusion.process import State
from molgen.diffusion.random_keys import RandomKeys
from molgen.errors import MoleculeError, MolgenError, UsageError
from molgen.models.generator import Generator
from molgen.models.results import Attempt
from molgen.models.sampling import SamplingConfig
from molgen.models.settings import SamplingSettings, names_settings
from molgen.models.source import Form
from molgen.system.bounds import Atoms, NotNegative

_SIZES, STATES = 0, 1
"""Streams of random numbers."""
_TRACE_ATTEMPTS = 100


class GraphGeneratorConfig(BaseModel):
    """Everything needed to build the generator again.

    Attributes:
        atoms: atom tokens of the vocabulary.
        kekulized: whether aromatic rings have alternating bonds.
        sizes: share of the training molecules with each number of atoms.
        data: name, fingerprint and split of the training data.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    atoms: tuple[str, ...]
    kekulized: bool = False
    sizes: dict[Atoms, NotNegative]
    data: dict[str, Any] = {}

    @model_validator(mode="after")
    def _has_sizes(self) -> Self:
        if sum(self.sizes.values()) <= 0:
            raise ValueError("no size has a positive share")
        return self


class GraphGenerator(Generator):
    """A generator of typed graphs: size first.

    Args:
        config: everything.
    """

    config: GraphGeneratorConfig

    def __init__(self, config: GraphGeneratorConfig) -> None:
        super().__init__()
        self.config = config
        self.sampling = SamplingConfig()
        self.vocabulary = Vocabulary(config.atoms, config.kekulized)
        self.codec = GraphCodec(self.vocabulary)

    @property
    def largest(self) -> int:
        """Atoms of the largest molecule that it takes."""
        return max(self.config.sizes)

    @abstractmethod
    def sample_states(
        self,
        size: int,
        rng: RandomKeys,
        sampling: SamplingConfig,
        observer: Callable[[State], None] | None = None,
        conditions: Conditions | None = None,
    ) -> tuple[State, list[int]]:
        """The last state of one graph of `size` atoms per stream, and the network calls that each took.

        Args:
            size: number of atoms.
            rng: the keys that the size was drawn with, ``(B,)``: targets drawn with it belong to it.
            sampling: how.
            observer: called with every intermediate state.
            conditions: what is asked of the graphs.
        """

    def encode(self, smiles: str) -> Arrays:
        _, tokens, bonds = tokenize(standardize(smiles), self.vocabulary.kekulized)
        unknown = [token for token in tokens if token not in self.vocabulary.index]
        if unknown:
            raise MoleculeError("unknown_atom", f"the model has no atom {unknown[0]}: {smiles}")
        if len(tokens) > self.largest:
            raise MoleculeError("too_large", f"{len(tokens)} atoms, the model takes {self.largest}: {smiles}")
        return np.array(self.vocabulary.encode(tokens)), bonds

    def batch(self, kinds: Sequence[Tensor], examples: Tensor) -> GraphBatch:
        atoms, bonds = kinds
        return GraphBatch(atoms, bonds, examples, visit=0)

    def generates_size(self, size: int) -> bool:
        return self.config.sizes.get(size, 0.0) > 0

    @abstractmethod
    def compile_layers(self) -> None:
        """Have torch compile, when training first meets it, what training spends its time in."""

    def sample_batch(
        self, size: int, rng: RandomKeys, sampling: SamplingConfig, form: Form, conditions: Conditions | None = None
    ) -> list[Attempt]:
        read = raw_smiles if form == "raw" else strict_smiles
        state, calls = self.sample_states(size, rng, sampling, conditions=conditions)
        graphs = state_graphs(state)
        return [Attempt(read(self.codec.decode(graph)), count) for graph, count in zip(graphs, calls, strict=True)]

    def draw_sizes(self, rng: RandomKeys, sampling: SamplingConfig, conditions: Conditions | None = None) -> Tensor:
        found = self.config.sizes if conditions is None else self._sizes_under(conditions)
        sizes = torch.tensor(list(found), device=rng.keys.device)
        shares = torch.tensor(list(found.values()), device=rng.keys.device)
        return sizes[rng.fold_in(_SIZES).categorical(shares.expand(len(rng.keys), -1))]

    def _sizes_under(self, conditions: Conditions) -> dict[int, float]:
        """Shares of the sizes that a molecule with what is asked can have."""
        least, asked = self.least_atoms(conditions), conditions.atoms or Interval()
        found = {size: share for size, share in self.config.sizes.items() if size >= least and size in asked and share}
        if not found:
            raise no_size(self.config.sizes, least, conditions)
        return found

    @names_settings
    def trace(
        self, seed: int = 0, conditions: Conditions | None = None, **sampling: Unpack[SamplingSettings]
    ) -> list[Chem.Mol]:
        config = self.sampling_with(**sampling).replaced(valence_guard=False)  # drawings that fail are not for showing
        for number in range(_TRACE_ATTEMPTS):
            rng = RandomKeys.from_seed(seed, torch.tensor([number], device=self.device))
            states: list[State] = []
            size = int(self.draw_sizes(rng, config, conditions))
            state, _ = self.sample_states(size, rng, config, states.append, conditions)
            smiles = strict_smiles(self.codec.decode(state_graphs(state)[0]))
            if smiles is not None and (conditions is None or all(conditions.satisfied(smiles).values())):
                return [draw_state(state, self.vocabulary) for state in states]
        raise MolgenError(f"none of {_TRACE_ATTEMPTS} attempts was valid and has what is asked; take another seed")


def state_graphs(state: State) -> list[MoleculeGraph]:
    """The graphs of a batch of clean states."""
    atoms, bonds = (state[kind].cpu().numpy().astype(np.uint8) for kind in ("atoms", "bonds"))
    return [MoleculeGraph(a, b) for a, b in zip(atoms, bonds, strict=True)]


def draw_state(state: State, vocabulary: Vocabulary) -> Chem.Mol:
    """The first molecule of a batch of states as a drawing; a masked atom is ``*``, a masked bond is not drawn."""
    marked = Vocabulary((*vocabulary.atoms, "*"), vocabulary.kekulized)
    graph = state_graphs({"atoms": state["atoms"][:1], "bonds": state["bonds"][:1] % len(BOND_NAMES)})[0]
    return GraphCodec(marked).decode(graph)


def no_size(sizes: Iterable[int], least: int, conditions: Conditions) -> UsageError:
    """What to say where a model makes no molecule of a size that conditions allow.

    Args:
        sizes: that it makes, in atoms.
        least: atoms of the smallest molecule with the fragment that is asked for.
        conditions: what is asked for.
    """
    known = sorted(sizes)
    wanted = [f"the fragment needs at least {least}"] if conditions.fragment is not None else []
    wanted += [f"{conditions.atoms} are asked for"] if conditions.atoms is not None else []
    return UsageError(f"the model makes molecules of {known[0]} to {known[-1]} atoms; {' and '.join(wanted)}")
