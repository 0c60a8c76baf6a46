"""A model of six numbers whose training can be done by hand, and its recipe."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Literal

import numpy as np
import torch
from pydantic import BaseModel
from torch import Tensor, nn

from molgen.datasets.batches import BatchStream
from molgen.datasets.config import SourceConfig
from molgen.diffusion.objectives import OBJECTIVES
from molgen.diffusion.random_keys import RandomKeys
from molgen.models.base import Model
from molgen.models.recipe import OptimiserConfig, Prepared, Recipe
from molgen.models.sampling import SamplingConfig
from molgen.nn.dropout import Dropout

FACTORS = {"cross-entropy": 1.0, "variational": 2.0, "continuous": 3.0}
POINTS = np.array([[1, 2], [3, -1], [-2, 1], [2, 2], [1, -3], [4, 1]])
HELD_OUT = np.array([[1, 1], [2, -1], [0, 3]])
ATTEMPTS = 2**20
"""What `GeneratorTask` folds into the keys of attempts."""


@dataclass
class Points:
    """Points of the plane ``(B, 2)``."""

    x: Tensor
    examples: Tensor
    visit: int

    def __len__(self) -> int:
        return len(self.x)

    def to(self, device: torch.device, non_blocking: bool = False) -> Points:
        return self


class LineConfig(BaseModel):
    """Nothing to configure."""


class Line(Model):
    """A linear map to 2 hidden features and from these to a number, y. The loss is linear in y."""

    family: ClassVar[str] = "line"
    settings = frozenset()
    config: LineConfig

    def __init__(self) -> None:
        super().__init__()
        self.config, self.sampling = LineConfig(), SamplingConfig()
        self.hidden, self.head = nn.Linear(2, 2, bias=False), nn.Linear(2, 1, bias=False)
        self.drop = Dropout(0.0)
        self.hidden.weight.data = torch.tensor([[0.5, -0.3], [0.2, 0.7]])
        self.head.weight.data = torch.tensor([[1.0, -0.5]])

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Line:
        return cls()

    def forward(self, x: Tensor) -> Tensor:
        return self.head(self.drop(self.hidden(x.float())))[:, 0]

    def loss(self, batch: Points, rng: RandomKeys, objective: str) -> dict[str, Tensor]:
        y = self(batch.x) * FACTORS[objective]
        return {"first": y, "second": y * rng.uniform()}

    def reward(self, batch: Points, rng: RandomKeys, following: float = 0.0) -> tuple[Tensor, float]:
        return (self(batch.x) * (rng.uniform() - 0.9 * following)).sum(), 0.25

    def bound(self, batch: Points, rng: RandomKeys) -> Tensor:
        return (self(batch.x) + 2).square() + rng.uniform()

    def sample_metrics(self, count: int) -> dict[str, float]:
        return {"samples": float(count)}

    def heads(self) -> Sequence[nn.Module]:
        return (self.head,)


class LineRecipe(Recipe):
    """Trains `Line` on six points."""

    family: Literal["line"] = "line"
    data: SourceConfig = SourceConfig(name="points")
    objectives: ClassVar[tuple[str, ...]] = OBJECTIVES
    rewarded: ClassVar[bool] = True

    def prepare(self, start: Model | None, progress: Callable[[int], None] | None) -> Prepared:
        size = self.optimiser.batch_size
        return Prepared(
            Line() if start is None else start,
            lambda **options: points(POINTS, size, **options),
            points(HELD_OUT, 2, passes=1),
        )

    def source(self) -> tuple[str, str]:
        return "points", "0"


def points(values: np.ndarray, batch_size: int, **options: Any) -> BatchStream[Points]:
    return BatchStream(
        lambda _: {2: (values,)},
        lambda kinds, examples, visit: Points(kinds[0], examples, visit),
        batch_size,
        **options,
    )


def recipe(**optimiser: Any) -> LineRecipe:
    """A run of a few steps in batches of 4 and of 2 points; what is not given is as simple as can be."""
    simple = {"batch_size": 4, "warmup": 0, "clip": 1e9, "ema": 0.0, "weight_decay": 0.0, "precision": "32-true"}
    return LineRecipe(optimiser=OptimiserConfig(**{**simple, "steps": 5, "sampled_molecules": 0, **optimiser}))
