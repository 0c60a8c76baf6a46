"""Learning from scored molecules: gradient steps on their likelihood, for any generator that has one."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import Any

import torch
from torch import Tensor

from molgen.datasets.batches import Batch
from molgen.diffusion.random_keys import RandomKeys
from molgen.errors import MoleculeError
from molgen.models.generator import Generator
from molgen.optimisation.config import OptimiserConfig
from molgen.optimisation.losses import loss, needs_prior

_CLIP = 1.0
"""Largest norm of a gradient."""


class Learner:
    """Moves a generator towards molecules with high rewards.

    Args:
        agent: that learns.
        prior: the same as it was, which stays.
        config: how.
    """

    def __init__(self, agent: Generator, prior: Generator, config: OptimiserConfig) -> None:
        self.agent, self.prior, self.config = agent, prior, config
        self.optimizer = torch.optim.Adam(agent.parameters(), lr=config.learning_rate)
        self._encoded: dict[str, list[Tensor] | None] = {}

    def update(self, smiles: Sequence[str], rewards: Sequence[float], baseline: float, number: int) -> None:
        """One gradient step; molecules that do not fit the model are left out.

        Args:
            smiles: canonical.
            rewards: one each.
            baseline: mean of the rewards of the step.
            number: of the gradient step, from which its randomness follows.
        """
        fitting = [row for row, text in enumerate(smiles) if self._variables(text) is not None]
        self.optimizer.zero_grad(set_to_none=True)
        values = torch.tensor(rewards, dtype=torch.float32, device=self.agent.device)
        for rows, batch in self._batches(smiles, fitting, number):
            rng = RandomKeys.from_seed(self.config.seed, batch.examples)
            cost = self._cost(self.agent, batch, rng)
            with torch.no_grad():
                prior = self._cost(self.prior, batch, rng) if needs_prior(self.config.learning) else cost.detach()
            each = loss(self.config.learning, cost, prior, values[rows], baseline, self.config.sigma)
            (each.sum() / len(fitting)).backward()  # type: ignore[no-untyped-call]
        if fitting:
            torch.nn.utils.clip_grad_norm_(self.agent.parameters(), _CLIP)
            self.optimizer.step()

    def _cost(self, model: Generator, batch: Batch, rng: RandomKeys) -> Tensor:
        return model.training_cost(batch, rng) if self.config.random_orders else model.bound(batch, rng)

    def _batches(self, smiles: Sequence[str], rows: Sequence[int], number: int) -> Iterator[tuple[list[int], Batch]]:
        """Rows and batch of the molecules of each size."""
        sizes: dict[int, list[int]] = defaultdict(list)
        for row in rows:
            variables = self._variables(smiles[row])
            assert variables is not None
            sizes[len(variables[0])].append(row)
        for members in sizes.values():
            parts: list[Any] = [self._variables(smiles[row]) for row in members]
            kinds = [torch.stack(values) for values in zip(*parts, strict=True)]
            examples = torch.tensor([number * len(smiles) + row for row in members])
            yield members, self.agent.batch(kinds, examples).to(self.agent.device)

    def _variables(self, smiles: str) -> list[Tensor] | None:
        """Variables of a molecule, None where it does not fit the model."""
        if smiles not in self._encoded:
            try:
                arrays = self.agent.encode(smiles)
                self._encoded[smiles] = [torch.from_numpy(values.astype("int64")) for values in arrays]
            except MoleculeError:
                self._encoded[smiles] = None
        return self._encoded[smiles]
