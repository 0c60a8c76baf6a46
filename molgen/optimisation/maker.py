"""The molecules of a step: sampled by the generator, and bred from the good ones."""

from __future__ import annotations

from collections.abc import Collection, Mapping

import numpy as np
import torch

from molgen.constraints.conditions import Conditions
from molgen.diffusion.random_keys import RandomKeys
from molgen.models.generator import Generator
from molgen.optimisation.config import OptimiserConfig
from molgen.optimisation.genetic import Operator, of_one, of_two, offspring
from molgen.optimisation.memory import Memory
from molgen.optimisation.proposals import Proposer
from molgen.optimisation.sources import SOURCES, Source, Sources
from molgen.optimisation.surrogate import Surrogate

_OPERATORS: dict[Source, Operator] = {"crossed": of_two, "mutated": of_one}
"""How children are made, by source."""

SAMPLED: tuple[Source, ...] = ("new", "regrown")
"""What the model makes."""

_AT_ONCE = 8
"""Attempts of the model that are worth a step: fewer take as long, since each atom is a call of the network."""

_SIZES = 1
"""Stream of random numbers; 0 is that of attempts."""


class Maker:
    """Makes molecules that are new and have what is asked.

    Args:
        model: that samples; it may learn meanwhile.
        config: of the optimiser.
        conditions: that all molecules are to have.
        known: canonical SMILES of molecules that are not new.

    Raises:
        UsageError: the model cannot be asked for the conditions.
    """

    def __init__(
        self, model: Generator, config: OptimiserConfig, conditions: Conditions | None, known: Collection[str]
    ) -> None:
        self.model, self.config, self.conditions, self.known = model, config, conditions, known
        self.sampling = model.sampling_with(valence_guard=True if "valence_guard" in model.settings else None)
        model.draw_sizes(RandomKeys.from_seed(config.seed, torch.zeros(1)), self.sampling, conditions)  # or refuse
        self.proposer = Proposer(model, self.sampling, config, conditions)

    def available(self, memory: Memory) -> list[Source]:
        """Sources that can be used now.

        While the generator learns, it makes all molecules, if it may make any: children of the first good molecules
        would crowd out what it has yet to learn. While no molecule is good, there are new ones alone.
        """
        config, wanted = self.config, set(self.config.sources)
        if not self.proposer.regrows:
            wanted -= {"regrown"}
        if config.updates and len(memory) < config.learning_calls:
            wanted = wanted - _OPERATORS.keys() or wanted
        if not wanted or not memory.good(1):
            return ["new"]
        return [source for source in SOURCES if source in wanted]

    def counts(self, sources: Sources, memory: Memory, draw: np.random.Generator) -> dict[Source, int]:
        """How many molecules each source is to make for a step.

        Where the attempts of the model would be few, they are left out of most steps, and `_AT_ONCE` in the others: on
        average as many.

        Args:
            sources: how good their molecules were.
            memory: molecules so far.
            draw: randomness.
        """
        batch = self.config.batch
        found = sources.counts(batch, self.available(memory), draw)
        sampled = [source for source in SAMPLED if source in found]
        attempts, at_once = sum(found[source] for source in sampled), min(_AT_ONCE, batch)
        if attempts < at_once and len(sampled) < len(found):
            at_once = at_once if attempts and draw.random() < attempts / at_once else 0
            ends = np.round(np.cumsum([found[source] for source in sampled]) * at_once / max(attempts, 1)).astype(int)
            found |= dict(zip(sampled, np.diff(ends, prepend=0).tolist(), strict=True))
        return found

    def sampled(
        self, counts: Mapping[Source, int], memory: Memory, step: int, draw: np.random.Generator
    ) -> tuple[dict[str, Source], dict[Source, int]]:
        """Canonical SMILES of the valid attempts of the model, with their source; and attempts made by source.

        Of the attempts that are to keep a part of a good molecule, some are new ones where no part is found.

        Args:
            counts: attempts by source.
            memory: molecules so far.
            step: number of the step, from which the randomness of the attempts follows.
            draw: other randomness.
        """
        regrown = counts.get("regrown", 0)
        numbers = torch.arange(counts.get("new", 0) + regrown, device=self.model.device) + step * self.config.batch
        keys = RandomKeys.from_seed(self.config.seed, numbers)
        proposals = self.proposer.proposals(memory, regrown, keys.fold_in(_SIZES), draw)
        each = [one for one in proposals for _ in range(one.attempts)]
        tried = {source: sum(one.source == source for one in each) for source in SAMPLED}
        if not each:
            return {}, tried
        sizes, conditions = [one.size for one in each], [one.conditions for one in each]
        with self.model.evaluating():
            attempts = self.model.sample_several(sizes, keys, self.sampling, "strict", conditions)
        found: dict[str, Source] = {}
        for attempt, one in zip(attempts, each, strict=True):
            if attempt.smiles is not None and self._wanted(attempt.smiles):
                found.setdefault(attempt.smiles, one.source)
        return found, tried

    def bred(
        self, counts: Mapping[Source, int], memory: Memory, made: Collection[str], draw: np.random.Generator
    ) -> dict[str, Source]:
        """Canonical SMILES of children of good molecules, with their source.

        Args:
            counts: children to be scored, by source; `screened` times as many are made.
            memory: molecules so far.
            made: canonical SMILES of this step, which are not new any more.
            draw: randomness.
        """
        parents = [memory.smiles[number] for number in memory.good(self.config.population)]
        taken, found = set(made), dict[str, Source]()
        for source, operator in _OPERATORS.items():
            if (wanted := counts.get(source, 0)) and parents:
                children = offspring(
                    operator,
                    parents,
                    wanted * self.config.screened,
                    self.config.rank,
                    draw,
                    lambda smiles: smiles not in taken and self._wanted(smiles),
                )
                taken.update(children)
                found |= dict.fromkeys(children, source)
        return found

    def chosen(
        self, made: Mapping[str, Source], wanted: int, memory: Memory, draw: np.random.Generator
    ) -> dict[str, Source]:
        """Those molecules of a step that are to be scored; all where none are to be screened.

        Args:
            made: canonical SMILES with their source.
            wanted: how many are to be scored.
            memory: molecules so far.
            draw: randomness.
        """
        if self.config.screened == 1 or len(made) <= wanted:
            return dict(made)
        kept = set(Surrogate(memory).chosen(list(made), wanted, draw))
        return {smiles: source for smiles, source in made.items() if smiles in kept}

    def _wanted(self, smiles: str) -> bool:
        """Whether a molecule is new and has what is asked."""
        asked = self.conditions
        return smiles not in self.known and (asked is None or all(asked.satisfied(smiles).values()))
