"""A search from its settings to what it found."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from shutil import get_terminal_size
from typing import Any

from molgen.constraints.fragment import Fragment
from molgen.errors import MolgenError, UsageError
from molgen.models.generator import Generator
from molgen.optimisation.config import OptimiserConfig
from molgen.optimisation.optimiser import Optimiser, warn
from molgen.optimisation.result import Optimised, Point
from molgen.optimisation.start import Start
from molgen.scoring.benchmarks import load_score
from molgen.scoring.calling import described
from molgen.scoring.scorer import AnyScore
from molgen.system.faults import choices
from molgen.system.progress import bar, on_terminal
from molgen.system.stopping import pass_on, stopping

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
        warn(f"nothing is left to do: {len(optimiser.memory):,} molecules were scored; for more give more calls")
    if len(optimiser.start) >= optimiser.config.calls - len(optimiser.memory) > 0:
        warn(
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
