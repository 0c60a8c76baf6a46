"""Chains of carbon as long as the molecules of training."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar, Self, Unpack

import numpy as np
import torch
from pydantic import BaseModel, ConfigDict
from torch import Tensor, nn

from molgen.chem.codec import tokenize
from molgen.chem.standardize import standardize
from molgen.constraints.conditions import Conditions
from molgen.datasets.batches import Arrays, GraphBatch
from molgen.diffusion.random_keys import RandomKeys
from molgen.errors import MoleculeError
from molgen.models.generator import Generator
from molgen.models.results import Attempt
from molgen.models.sampling import SamplingConfig
from molgen.models.settings import SamplingSettings
from molgen.models.source import Form


class ChainsConfig(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    largest: int
    data: dict[str, Any] = {}


class Chains(Generator):
    family: ClassVar[str] = "chains"
    settings = frozenset({"temperature"})
    variables = ("atoms",)
    config: ChainsConfig

    def __init__(self, config: ChainsConfig) -> None:
        super().__init__()
        self.config = config
        self.sampling = SamplingConfig()
        self.logits = nn.Parameter(torch.zeros(config.largest))

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Self:
        return cls(ChainsConfig.model_validate(config))

    def encode(self, smiles: str) -> Arrays:
        _, tokens, bonds = tokenize(standardize(smiles), False)
        if len(tokens) > self.config.largest:
            raise MoleculeError("too_large", f"{len(tokens)} atoms: {smiles}")
        return np.zeros(len(tokens), dtype=int), bonds

    def batch(self, kinds: Sequence[Tensor], examples: Tensor) -> GraphBatch:
        return GraphBatch(*kinds, examples, visit=0)

    def generates_size(self, size: int) -> bool:
        return size <= self.config.largest

    def bound(self, batch: GraphBatch, rng: RandomKeys) -> Tensor:
        return -self.logits.log_softmax(0)[batch.atoms.shape[1] - 1].expand(len(batch))

    def loss(self, batch: GraphBatch, rng: RandomKeys, objective: str) -> dict[str, Tensor]:
        return {"atoms": self.bound(batch, rng)}

    @torch.no_grad()
    def draw_sizes(self, rng: RandomKeys, sampling: SamplingConfig, conditions: Conditions | None = None) -> Tensor:
        shares = sampling.probabilities(self.logits, "atoms")
        return 1 + rng.categorical(shares.expand(len(rng.keys), -1))

    def sample_batch(
        self, size: int, rng: RandomKeys, sampling: SamplingConfig, form: Form, conditions: Conditions | None = None
    ) -> list[Attempt]:
        return [Attempt("C" * size, 1)] * len(rng.keys)

    def trace(
        self, seed: int = 0, conditions: Conditions | None = None, **sampling: Unpack[SamplingSettings]
    ) -> list[str]:
        return ["C"]
