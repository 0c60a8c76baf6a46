"""The optimiser: sample, score, learn, again."""

from __future__ import annotations

import time
import warnings
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from shutil import get_terminal_size
from typing import Any

import numpy as np

from molgen.constraints.conditions import Conditions
from molgen.constraints.fragment import Fragment
from molgen.errors import ConditionWarning, MolgenError, UsageError
from molgen.models.generator import Generator
from molgen.optimisation.config import OptimiserConfig
from molgen.optimisation.learner import Learner
from molgen.optimisation.maker import SAMPLED, Maker
from molgen.optimisation.memory import Memory, ranked
from molgen.optimisation.result import Optimised, Point
from molgen.optimisation.sources import GOOD, Source, Sources
from molgen.optimisation.start import Start, start_molecules
from molgen.scoring.benchmarks import load_score
from molgen.scoring.calling import described
from molgen.scoring.scorer import AnyScore, Scorer
from molgen.system.faults import choices
from molgen.system.progress import bar, on_terminal
from molgen.system.stopping import pass_on, stopping

_FIRST = 500
"""Molecules after which a score that is the same for all is warned of, if not at the end."""
_STALLED = 50
"""Steps without a new molecule after which there seem to be no more."""
_WIDE = 100
"""Columns of a terminal from which the bar also has diversity and rate."""
_ARGUMENTS = ("fragment", "start", "timeout", "progress")
"""Of `optimise`, beside the settings."""


class Failed(MolgenError):
    """A step failed, in sampling, scoring or learning.

    Attributes:
        found: what had been found.
    """

    def __init__(self, message: str, found: Optimised) -> None:
        super().__init__(message)
        self.found = found


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
        _warn(
            f"the score is {self.memory.totals[0]:.4g} for all of the {which}{len(self.memory):,} molecules: "
            "nothing to learn from"
        )

    def warn_at_the_end(self) -> None:
        """Say what a user would ask of a run that is over."""
        if self._constant and len(self.memory) < _FIRST:
            self._warn_of_a_constant()
        if self.stalled >= _STALLED:
            _warn(
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


def _warn(text: str) -> None:
    warnings.warn(text, ConditionWarning, stacklevel=3)


def optimise(
    model: Generator | str | Path,
    score: AnyScore | str | Path,
    *,
    fragment: str | Fragment | None = None,
    start: Start | None = None,
    timeout: float | None = None,
    progress: bool | Callable[[Point], object] = True,
    **settings: Any,
) -> Optimised:
    """Molecules that are good by a score.

    Args:
        model: a generator, the name of one that ships with molgen, or a model directory. It is not changed.
        score: the path of a ``score.toml``, a task of a benchmark such as ``guacamol/median1``, a
            `molgen.scoring.Score`, or any function from a list of SMILES to a list of numbers, the higher the better;
            best from 0 to 1.
        fragment: that every molecule contains.
        start: molecules to begin from, such as known actives: SMILES, or the path of a file. They are scored first, and
            count as calls.
        timeout: seconds that one call of a function may take.
        progress: a bar, nothing, or what is called with a `Point` after each step.
        **settings: fields of `OptimiserConfig`, such as ``calls`` and ``seed``.

    Returns:
        What was found; after Ctrl-C, what had been found by the end of the step under way.

    Raises:
        UsageError: a bad setting, no such score, or a fragment that the model cannot be asked for.
        Failed: a step failed, in sampling, scoring or learning; it holds what had been found.

    Example:
        >>> found = optimise("qm9-ar", lambda texts: [text.count("O") / 5 for text in texts], calls=20, batch=10)
        >>> len(found), found.table(1)["total"][0] >= 0.2
        (20, True)
    """
    for name in settings:
        if name not in OptimiserConfig.model_fields:
            raise UsageError(f"optimise takes no {name!r}{choices(name, [*_ARGUMENTS, *OptimiserConfig.model_fields])}")
    generator = model if isinstance(model, Generator) else Generator.from_pretrained(model)
    known = load_score(score) if isinstance(score, str | Path) else score
    optimiser = Optimiser(generator, known, OptimiserConfig.of(**settings), fragment, timeout, start)
    stopped = work(optimiser, progress)
    pass_on(stopped)
    return optimiser.result()


def work(
    optimiser: Optimiser,
    progress: bool | Callable[[Point], object] = True,
    after_step: Callable[[], object] = lambda: None,
) -> int | None:
    """Steps to the end, or to a signal that asks the program to stop.

    Args:
        optimiser: at any step.
        progress: see `optimise`.
        after_step: called after each step.

    Returns:
        The signal, or None.

    Raises:
        Failed: a step failed.
    """
    optimiser.stalled = 0  # a run that is gone on with tries anew
    if optimiser.done:
        _warn(f"nothing is left to do: {len(optimiser.memory):,} molecules were scored; for more give more calls")
    if len(optimiser.start) >= optimiser.config.calls - len(optimiser.memory) > 0:
        _warn(
            f"the molecules to begin from take all {optimiser.config.calls:,} calls, so that no others are made: "
            f"there are {len(optimiser.start):,}; give more calls"
        )
    with (
        stopping("stopping after this step; once more to stop at once") as stop,
        shown(progress, optimiser.config.calls) as show,
    ):
        while not (optimiser.done or stop):
            try:
                optimiser.step()
                show(optimiser.curve[-1])
                after_step()
            except MolgenError as error:
                raise Failed(str(error), optimiser.result()) from None
            except Exception as error:  # such as too little memory of a GPU: what was found is not lost for it
                raise Failed(f"a step of the search failed: {described(error)}", optimiser.result()) from error
    if not stop:
        optimiser.warn_at_the_end()
    return stop.signal


@contextmanager
def shown(progress: bool | Callable[[Point], object], calls: int) -> Iterator[Callable[[Point], object]]:
    """What is called with a `Point` after each step: a bar, or what the caller gives."""
    if callable(progress):
        yield progress
        return
    wide = not on_terminal() or get_terminal_size().columns >= _WIDE
    with bar("optimising", calls, shown=progress) as made:

        def show(point: Point) -> None:
            rate = point.calls / max(point.seconds, 1e-9)
            more = f"  diversity {point.diversity:.2f}  {rate:.1f}/s" if wide else ""
            made.update(f"best {point.best:.3f}  ten {point.top_ten:.3f}{more}", point.calls)

        yield show
