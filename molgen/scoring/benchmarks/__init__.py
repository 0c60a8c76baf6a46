"""Tasks of published benchmarks of goal-directed generation."""

from __future__ import annotations

from collections.abc import Mapping
from difflib import get_close_matches
from pathlib import Path

from molgen.errors import UsageError
from molgen.scoring.benchmarks.guacamol import GUACAMOL
from molgen.scoring.benchmarks.pmo import PMO
from molgen.scoring.benchmarks.task import Task
from molgen.scoring.score import Score, read_score
from molgen.system.faults import choices

BENCHMARKS: Mapping[str, Mapping[str, Task]] = {"guacamol": GUACAMOL, "pmo": PMO}
"""Tasks by name, by name of the benchmark."""

_LIKE = 0.8
"""Similarity of names, of difflib, from which one may be meant by the other."""

__all__ = ["BENCHMARKS", "GUACAMOL", "PMO", "Task", "load_score"]


def load_score(name: str | Path) -> Score:
    """A score from the path of a ``score.toml``, or the name of a task such as ``guacamol/osimertinib_mpo``.

    Raises:
        UsageError: there is no such task, or no such file.

    Example:
        >>> load_score("pmo/qed")
        Score(combine='geometric', terms=[QED])
    """
    benchmark, slash, task = str(name).partition("/")
    if slash and benchmark in BENCHMARKS and not Path(name).is_file():
        if task not in BENCHMARKS[benchmark]:
            raise UsageError(f"{benchmark} has no task {task!r}{choices(task, BENCHMARKS[benchmark])}")
        return BENCHMARKS[benchmark][task].score
    if not Path(name).exists() and (near := _near(Path(name).name)):
        raise UsageError(f"there is no file {name}; did you mean {' or '.join(near)}?")
    return read_score(name)


def _near(name: str) -> list[str]:
    """Tasks of a name without that of its benchmark, or else with a name like it."""
    names = {task for tasks in BENCHMARKS.values() for task in tasks}
    like = get_close_matches(name.lower(), names, n=1, cutoff=_LIKE)
    return [f"{benchmark}/{task}" for benchmark, tasks in BENCHMARKS.items() for task in tasks if task in like]
