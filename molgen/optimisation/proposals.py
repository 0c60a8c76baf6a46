"""What the attempts of a step are: how large, and what of a good molecule they keep."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch

from molgen.constraints.conditions import Conditions
from molgen.diffusion.random_keys import RandomKeys
from molgen.errors import MoleculeError, UsageError
from molgen.models.generator import Generator
from molgen.models.sampling import SamplingConfig
from molgen.optimisation.config import OptimiserConfig
from molgen.optimisation.memory import Memory, ranked
from molgen.optimisation.regrowth import random_part
from molgen.optimisation.sources import Source

_CHILDREN, _ATTEMPTS_OF_A_SIZE = 8, 16
"""Attempts that are alike, of a model that cannot sample different conditions or sizes in one batch."""
_NEAR = 2
"""Most atoms that a size differs from that of a good molecule."""


@dataclass(frozen=True)
class Proposal:
    """Attempts that are sampled together.

    Attributes:
        size: of each, in the model's units.
        attempts: how many.
        conditions: that they are sampled under.
        source: whether they keep a part of a good molecule.
    """

    size: int
    attempts: int
    conditions: Conditions | None
    source: Source


class Proposer:
    """Decides what is attempted.

    Args:
        model: that samples.
        sampling: how.
        config: of the optimiser.
        conditions: that all molecules are to have.

    Attributes:
        regrows: whether the model can keep parts.
    """

    def __init__(
        self, model: Generator, sampling: SamplingConfig, config: OptimiserConfig, conditions: Conditions | None
    ) -> None:
        self.model, self.sampling, self.config, self.conditions = model, sampling, config, conditions
        self.regrows = "fragment" in model.conditions
        self._children = config.children or (1 if model.mixes else _CHILDREN)
        self._of_a_size = 1 if model.mixes else _ATTEMPTS_OF_A_SIZE

    def proposals(self, memory: Memory, wanted: int, keys: RandomKeys, draw: np.random.Generator) -> list[Proposal]:
        """Proposals with as many attempts as there are keys.

        Args:
            memory: molecules so far.
            wanted: attempts that are to keep a part of a good molecule; some do not where no part is found.
            keys: randomness of sizes ``(B,)``.
            draw: other randomness.
        """
        best = memory.good(self.config.parents)
        found: list[Proposal] = []
        for start in range(0, wanted, self._children):
            proposal = self._regrown(memory, best, min(self._children, wanted - start), draw)
            if proposal is not None:
                found.append(proposal)
        rest = len(keys.keys) - sum(proposal.attempts for proposal in found)
        return found + self._new(rest, memory, best, keys, draw)

    def _new(
        self, attempts: int, memory: Memory, best: list[int], keys: RandomKeys, draw: np.random.Generator
    ) -> list[Proposal]:
        """Attempts that keep nothing but what all molecules are to have, some of one size each."""
        found = []
        for number, start in enumerate(range(0, attempts, self._of_a_size)):
            size = None
            if best and draw.random() < self.config.own_sizes:
                size = self._near(memory.smiles[self._picked(best, draw)], draw)
            if size is None:
                key = keys.select(torch.tensor([number]))
                size = int(self.model.draw_sizes(key, self.sampling, self.conditions)[0])
            found.append(Proposal(size, min(self._of_a_size, attempts - start), self.conditions, "new"))
        return found

    def _regrown(self, memory: Memory, best: list[int], attempts: int, draw: np.random.Generator) -> Proposal | None:
        smiles = memory.smiles[self._picked(best, draw)]
        within = None if self.conditions is None else self.conditions.fragment
        part = random_part(smiles, draw, within)
        size = self._near(smiles, draw)
        if part is None or size is None:
            return None
        conditions = Conditions(fragment=part)
        size = max(size, len(part.atoms) + max(part.pieces) + 1)
        if not self.model.generates_size(size) or not self._takes(conditions):
            return None
        return Proposal(size, attempts, conditions, "regrown")

    def _takes(self, conditions: Conditions) -> bool:
        """Whether the model can be asked for it; not for a part with an atom that it does not know."""
        try:
            self.model.least_atoms(conditions)
        except UsageError:
            return False
        return True

    def _picked(self, best: list[int], draw: np.random.Generator) -> int:
        """A good molecule, the better the more often."""
        return best[ranked(1, len(best), self.config.rank, draw)[0]]

    def _near(self, smiles: str, draw: np.random.Generator) -> int | None:
        """About the size of an attempt that becomes a molecule; None where the model does not make that."""
        try:
            size = self.model.attempt_size(smiles)
        except MoleculeError:
            return None
        if size == 0:  # the model ends its attempts itself
            return 0
        moved = size + int(draw.integers(-_NEAR, _NEAR + 1))
        return next((one for one in (moved, size) if one > 0 and self.model.generates_size(one)), None)
