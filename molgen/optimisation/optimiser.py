"""The optimiser: sample, score, learn, again."""

from __future__ import annotations

import time
import warnings
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import numpy as np

from molgen.constraints.conditions import Conditions
from molgen.constraints.fragment import Fragment
from molgen.errors import ConditionWarning
from molgen.models.generator import Generator
from molgen.optimisation.config import OptimiserConfig
from molgen.optimisation.learner import Learner
from molgen.optimisation.maker import SAMPLED, Maker
from molgen.optimisation.memory import Memory, ranked
from molgen.optimisation.result import Optimised, Point
from molgen.optimisation.sources import GOOD, Source, Sources
from molgen.optimisation.start import Start, start_molecules
from molgen.scoring.scorer import AnyScore, Scorer

_FIRST = 500
"""Molecules after which a score that is the same for all is warned of, if not at the end."""
_STALLED = 50
"""Steps without a new molecule after which there seem to be no more."""


class Optimiser:
    """Molecules that are good by a score, step by step.

    Args:
        model: to begin from; it is not changed.
        score: see `molgen.scoring.Scorer`.
        config: how.
        fragment: that every molecule contains; see `molgen.constraints.fragment.parse_fragment`.
        timeout: seconds that one call of a function may take.
        start: molecules that are scored before any other, see `molgen.optimisation.start`.

    Attributes:
        agent: the model as it has become.
        maker: of molecules.
        memory: molecules so far.
        scorer: their values.
        curve: a point per step.
        start: molecules to begin from that were not scored yet.
        sources: how good the molecules of each were.
        seconds: spent on each part of the work.
    """

    def __init__(
        self,
        model: Generator,
        score: AnyScore,
        config: OptimiserConfig,
        fragment: str | Fragment | None = None,
        timeout: float | None = None,
        start: Start | None = None,
    ) -> None:
        self.config, self.prior = config, model
        self.conditions = Conditions.of(fragment)
        if self.conditions is not None:
            self.conditions.check(model.conditions)
            for text in model.cautions(self.conditions):
                warnings.warn(text, ConditionWarning, stacklevel=3)
        self.agent = model.copied()
        self.memory, self.scorer = Memory(config.per_scaffold), Scorer(score, timeout)
        self.maker = Maker(self.agent, config, self.conditions, known=self.scorer.known)
        self.learner = Learner(self.agent, model, config)
        self.start = [] if start is None else start_molecules(start, self.conditions)
        self.sources = Sources()
        self.curve: list[Point] = []
        self.seconds = {"sampling": 0.0, "scoring": 0.0, "breeding": 0.0, "learning": 0.0, "other": 0.0}
        self.steps = self.stalled = 0

    @property
    def done(self) -> bool:
        """Whether all calls are spent, enough is found, or no new molecules are found any more."""
        enough = self.config.enough
        perfect = enough is not None and self.memory.ranking.at_least(1) >= enough
        return perfect or len(self.memory) >= self.config.calls or self.stalled >= _STALLED

    def step(self) -> None:
        """Make molecules, score those that are new, and learn."""
        begin, before = time.perf_counter(), sum(self.seconds.values())
        draw = np.random.default_rng([self.config.seed, self.steps])
        first = len(self.memory)
        counts = {} if self.start else self.maker.counts(self.sources, self.memory, draw)
        with self._timed("sampling"):
            made, tried = self.maker.sampled(counts, self.memory, self.steps, draw)
        with self._timed("breeding"):
            made |= self.maker.bred(counts, self.memory, made, draw)
            made = self.maker.chosen(made, min(self.config.batch, self.config.calls - first), self.memory, draw)
        sampled = sum(source in SAMPLED for source in made.values())
        begun = self.start[: self.config.batch]
        new = (begun or list(made))[: self.config.calls - first]
        with self._timed("scoring"):
            totals = self.scorer(new)
        self.memory.add(new, totals, None if begun else [made[text] for text in new])
        if begun:
            self.start = self.start[len(new) :]  # only now: where the score fails they are still to be scored
        self._count({**counts, **tried}, made, first)
        if first < self.config.learning_calls:
            with self._timed("learning"):
                self._learn(range(first, first + min(sampled, len(new))), draw)
        self.steps += 1
        self.stalled = 0 if new else self.stalled + 1
        self.seconds["other"] += time.perf_counter() - begin - (sum(self.seconds.values()) - before)
        self.curve.append(Point.of(self.memory, sum(self.seconds.values())))
        if self._constant and first < _FIRST <= len(self.memory):
            self._warn_of_a_constant("first ")

    @property
    def _constant(self) -> bool:
        return len(self.memory) > 1 and self.memory.mean_of_best(1) == self.memory.worst

    def _warn_of_a_constant(self, which: str = "") -> None:
        warn(
            f"the score is {self.memory.totals[0]:.4g} for all of the {which}{len(self.memory):,} molecules: "
            "nothing to learn from"
        )

    def warn_at_the_end(self) -> None:
        """Say what a user would ask of a run that is over."""
        if self._constant and len(self.memory) < _FIRST:
            self._warn_of_a_constant()
        if self.stalled >= _STALLED:
            warn(
                f"ended after {len(self.memory):,} of {self.config.calls:,} calls: the last {_STALLED} steps made no "
                "molecule that had not been scored"
            )

    def _count(self, tried: Mapping[Source, int], made: Mapping[str, Source], first: int) -> None:
        """Take note of how many good molecules each source made."""
        good = [self.memory.smiles[number] for number in self.memory.good(GOOD) if number >= first]
        found = Counter(made[smiles] for smiles in good if smiles in made)
        self.sources.count({source: (count, found[source]) for source, count in tried.items()})

    def _learn(self, new: range, draw: np.random.Generator) -> None:
        """Gradient steps on new molecules and on good ones of the memory."""
        config, memory = self.config, self.memory
        good = memory.good(max(config.replay * 4, config.parents))
        baseline = float(memory.rewards(new).mean()) if new else 0.0
        for number in range(config.updates if good else 0):
            chosen = [good[rank] for rank in ranked(config.replay, len(good), config.rank, draw)]
            if number == 0 and config.learning != "elite":
                chosen = [*new, *chosen]
            if chosen:
                smiles, rewards = [memory.smiles[one] for one in chosen], memory.rewards(chosen).tolist()
                self.learner.update(smiles, rewards, baseline, self.steps * config.updates + number)

    @contextmanager
    def _timed(self, name: str) -> Iterator[None]:
        begin = time.perf_counter()
        try:
            yield
        finally:
            self.seconds[name] += time.perf_counter() - begin

    def result(self) -> Optimised:
        """What was found so far."""
        return Optimised(
            self.memory,
            self.scorer.columns,
            self.scorer.known,
            self.curve,
            dict(self.seconds),
            self.agent,
            self.prior,
            self.scorer.score,
        )


def warn(text: str) -> None:
    """Say what a user would ask of a search, to the one who called the caller."""
    warnings.warn(text, ConditionWarning, stacklevel=3)
