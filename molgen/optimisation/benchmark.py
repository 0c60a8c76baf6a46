"""Benchmarks of goal-directed generation: one run per task, one after the other."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from molgen.constraints.conditions import Conditions
from molgen.errors import MolgenError, UsageError
from molgen.models.directory import short
from molgen.optimisation.checkpoint import STATE_FILE
from molgen.optimisation.result import Optimised, Point
from molgen.optimisation.run import SETTINGS_FILE, RunSettings, run
from molgen.optimisation.start import Known, start_molecules
from molgen.scoring.benchmarks import BENCHMARKS, PMO
from molgen.scoring.benchmarks.pmo import EVERY, TOP, auc_top
from molgen.system.files import whole_file
from molgen.system.stopping import pass_on

RESULT_FILE = "result.json"


@dataclass(frozen=True)
class TaskResult:
    """Result of a task.

    Attributes:
        task: its name.
        result: by the definition of the benchmark: the area under the curve of the mean of the best ten (PMO), or a
            mean over the best molecules (GuacaMol).
        best: total of the best molecule.
        top_ten: mean total of the best ten.
        calls: different molecules scored.
        seconds: that it took.
    """

    task: str
    result: float
    best: float
    top_ten: float
    calls: int
    seconds: float


def task_names(benchmark: str, wanted: Sequence[str] = ()) -> list[str]:
    """Names of the tasks of a benchmark, all or those that are wanted.

    Raises:
        UsageError: there is no such benchmark or task.

    Example:
        >>> len(task_names("pmo")), task_names("guacamol", ["median1"])
        (20, ['median1'])
    """
    if benchmark not in BENCHMARKS:
        raise UsageError(f"there is no benchmark {benchmark!r}; there are {', '.join(BENCHMARKS)}")
    unknown = [name for name in wanted if name not in BENCHMARKS[benchmark]]
    if unknown:
        raise UsageError(f"{benchmark} has no task {unknown[0]!r}; it has {', '.join(BENCHMARKS[benchmark])}")
    return list(dict.fromkeys(wanted)) or list(BENCHMARKS[benchmark])


def run_benchmark(
    benchmark: str,
    folder: Path,
    settings: RunSettings,
    tasks: Sequence[str] = (),
    progress: bool | Callable[[Point], object] = True,
) -> Iterator[TaskResult]:
    """Results of the tasks, one after the other.

    A task ends early where no further molecule can raise its result. Those that the folder holds already are read, and
    a task that was stopped goes on. After a signal no other task is begun; one other than Ctrl-C ends the program too.

    Args:
        benchmark: its name.
        folder: of the benchmark, with a folder of a run for each task.
        settings: of the runs; the score is that of the task.
        tasks: names; by default all.
        progress: see `molgen.optimisation.optimise`.

    Raises:
        UsageError: there is no such benchmark or task, the settings say how many molecules are enough, or the folder
            has results of other settings.
    """
    if settings.optimiser.enough is not None:
        raise UsageError("how many molecules are enough follows from the task of a benchmark; leave enough out")
    start: Known | None = None
    for name in task_names(benchmark, tasks):
        place = folder / name
        asked = _of_task(settings, benchmark, name)
        if (place / SETTINGS_FILE).is_file() and RunSettings.read(place) != asked:
            raise UsageError(f"{place} was begun with other settings, or with another model; choose another folder")
        if (place / RESULT_FILE).is_file():
            yield _read(place / RESULT_FILE)
            continue
        resume = (place / STATE_FILE).is_file()
        if settings.start is not None and start is None and not resume:  # once for all tasks
            start = start_molecules(settings.start, Conditions.of(settings.fragment))
        found, stopped = run(asked, place, resume=resume, start=start, progress=progress)
        if stopped is not None:
            pass_on(stopped)
            return
        result = judged(benchmark, name, found, asked.optimiser.calls)
        with whole_file(place / RESULT_FILE) as temporary:
            temporary.write_text(json.dumps(asdict(result), indent=1) + "\n")
        yield result


def _read(file: Path) -> TaskResult:
    try:
        return TaskResult(**json.loads(file.read_text("utf-8")))
    except (OSError, ValueError, TypeError) as error:
        raise MolgenError(f"{file} holds no sound result: {short(error)}; remove it, and the task goes on") from None


def _of_task(settings: RunSettings, benchmark: str, task: str) -> RunSettings:
    optimiser = settings.optimiser.model_copy(update={"enough": enough(benchmark, task)})
    return settings.model_copy(update={"score": f"{benchmark}/{task}", "optimiser": optimiser}).identified()


def enough(benchmark: str, task: str) -> int:
    """Molecules with a total of 1 after which no other molecule raises the result of a task."""
    return TOP if BENCHMARKS[benchmark] is PMO else max(BENCHMARKS[benchmark][task].tops)


def judged(benchmark: str, task: str, found: Optimised, calls: int) -> TaskResult:
    """The result of a task from the molecules that were found."""
    totals, last = found.memory.totals, found.curve[-1]
    own = area(totals, calls) if BENCHMARKS[benchmark] is PMO else BENCHMARKS[benchmark][task].result(totals)
    return TaskResult(task, own, last.best, last.top_ten, last.calls, last.seconds)


def area(totals: Sequence[float], calls: int) -> float:
    """That of `auc_top`; of a task that ended early because nothing more is to be had, as if it had gone on.

    The curve has a point every 100 calls. So where it ended between two of them, it goes on to the next.
    """
    perfect = sum(total >= 1 for total in totals) >= TOP
    missing = min(-len(totals) % EVERY, calls - len(totals)) if perfect else 0
    return auc_top([*totals, *[0.0] * missing], calls=calls)
