"""Tasks of published benchmarks of goal-directed generation."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from molgen.errors import UsageError
from molgen.scoring.benchmarks.guacamol import GUACAMOL
from molgen.scoring.benchmarks.pmo import PMO
from molgen.scoring.benchmarks.task import Task
from molgen.scoring.score import Score, load_score

BENCHMARKS: Mapping[str, Mapping[str, Task]] = {"guacamol": GUACAMOL, "pmo": PMO}
"""Tasks by name, by name of the benchmark."""

__all__ = ["BENCHMARKS", "GUACAMOL", "PMO", "Task", "find_score"]


def find_score(name: str | Path) -> Score:
    """A score from the path of a ``score.toml``, or the name of a task such as ``guacamol/osimertinib_mpo``.

    Raises:
        UsageError: there is no such task, or no such file.

    Example:
        >>> find_score("pmo/qed")
        Score(combine='geometric', terms=[QED])
    """
    benchmark, slash, task = str(name).partition("/")
    if slash and benchmark in BENCHMARKS and not Path(name).is_file():
        if task not in BENCHMARKS[benchmark]:
            raise UsageError(f"{benchmark} has no task {task!r}; it has {', '.join(BENCHMARKS[benchmark])}")
        return BENCHMARKS[benchmark][task].score
    return load_score(name)
