"""Learning from scored molecules: gradient steps on their likelihood, for any generator that has one."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from functools import cached_property
from typing import Any

import torch
from torch import Tensor

from molgen.diffusion.random_keys import RandomKeys
from molgen.errors import MoleculeError
from molgen.models.generator import Generator
from molgen.optimisation.config import OptimiserConfig
from molgen.optimisation.losses import loss, needs_prior
from molgen.system.hardware import supports_bf16

_CLIP = 1.0
"""Largest norm of a gradient."""


class Learner:
    """Moves a generator towards molecules with high rewards.

    Args:
        agent: that learns.
        prior: the same as it was, which stays.
        config: how.

    Attributes:
        prior_costs: - log p of molecules under the model as it was, those that were needed so far.
    """

    def __init__(self, agent: Generator, prior: Generator, config: OptimiserConfig) -> None:
        self.agent, self.prior, self.config = agent, prior, config
        self.prior_costs: dict[str, float] = {}
        self._encoded: dict[str, list[Tensor] | None] = {}

    @cached_property
    def optimizer(self) -> torch.optim.Optimizer:
        """Made when it is first needed: a search that does not learn need not import what it takes."""
        return torch.optim.Adam(self.agent.parameters(), lr=self.config.learning_rate)

    def update(self, smiles: Sequence[str], rewards: Sequence[float], baseline: float, number: int) -> None:
        """One gradient step; molecules that do not fit the model are left out.

        Args:
            smiles: canonical.
            rewards: one each.
            baseline: mean of the rewards of the step.
            number: of the gradient step, from which its randomness follows; no two steps share any.
        """
        fitting = [row for row, text in enumerate(smiles) if self._variables(text) is not None]
        if not fitting:
            return
        self.optimizer.zero_grad(set_to_none=True)
        values = torch.tensor([rewards[row] for row in fitting], dtype=torch.float32, device=self.agent.device)
        own = [smiles[row] for row in fitting]
        first = number * (self.config.batch + self.config.replay)  # no step has more molecules
        examples = torch.tensor([first + row for row in fitting])
        cost, prior = self._costs(self.agent, own, examples), self._prior(own, examples)
        loss(self.config.learning, cost, prior, values, baseline, self.config.sigma).mean().backward()  # type: ignore[no-untyped-call]
        torch.nn.utils.clip_grad_norm_(self.agent.parameters(), _CLIP)
        self.optimizer.step()

    def _costs(self, model: Generator, smiles: Sequence[str], examples: Tensor) -> Tensor:
        """- log p of molecules ``(B,)``, or that of the rest where a part is given."""
        sizes: dict[int, list[int]] = defaultdict(list)
        parts: list[Any] = [self._variables(text) for text in smiles]
        for row, variables in enumerate(parts):
            sizes[len(variables[0])].append(row)
        batches, rngs = [], []
        for rows in sizes.values():
            kinds = [torch.stack(values) for values in zip(*(parts[row] for row in rows), strict=True)]
            batch = model.batch(kinds, examples[rows]).to(model.device)
            batches.append(batch)
            rngs.append(RandomKeys.from_seed(self.config.seed, batch.examples))
        device = model.device.type
        with torch.autocast(device, torch.bfloat16, enabled=supports_bf16(device)):
            costs = torch.cat(
                (model.training_costs if self.config.random_orders else model.bounds_by_size)(batches, rngs)
            )
        order = torch.tensor([row for rows in sizes.values() for row in rows], device=model.device)
        return torch.zeros_like(costs).index_copy(0, order, costs)

    @torch.no_grad()
    def _prior(self, smiles: Sequence[str], examples: Tensor) -> Tensor:
        """The same of the model as it was; computed once for each molecule where nothing is drawn for it."""
        device = self.agent.device
        if not needs_prior(self.config.learning):
            return torch.zeros(len(smiles), device=device)
        if self.config.random_orders or not self.prior.exact:
            return self._costs(self.prior, smiles, examples)
        new = [row for row, text in enumerate(smiles) if text not in self.prior_costs]
        if new:
            texts = [smiles[row] for row in new]
            self.prior_costs.update(zip(texts, self._costs(self.prior, texts, examples[new]).tolist(), strict=True))
        return torch.tensor([self.prior_costs[text] for text in smiles], device=device)

    def _variables(self, smiles: str) -> list[Tensor] | None:
        """Variables of a molecule, None where it does not fit the model."""
        if smiles not in self._encoded:
            try:
                arrays = self.agent.encode(smiles)
                self._encoded[smiles] = [torch.from_numpy(values.astype("int64")) for values in arrays]
            except MoleculeError:
                self._encoded[smiles] = None
        return self._encoded[smiles]
