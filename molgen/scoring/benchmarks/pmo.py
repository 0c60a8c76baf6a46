"""Practical molecular optimisation (PMO; Gao et al., 2022): the 20 of its 23 tasks that need RDKit alone.

The others, DRD2, GSK3B and JNK3, are trained classifiers that are stored as pickles.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from molgen.scoring.benchmarks.guacamol import GUACAMOL
from molgen.scoring.benchmarks.task import Task
from molgen.scoring.totals import mean_of_best

CALLS = 10_000
"""Different molecules that may be scored."""
TOP = 10
"""Best molecules whose mean counts."""
EVERY = 100
"""Calls between the points of the curve."""
_ELSEWHERE = ("aripiprazole_similarity", "isomers_c11h24")

PMO: Mapping[str, Task] = dict(
    sorted(
        {
            **{name: task for name, task in GUACAMOL.items() if name not in _ELSEWHERE},
            "isomers_c7h8n2o2": Task("product", ({"type": "formula", "formula": "C7H8N2O2"},)),
            "qed": Task("geometric", ({"type": "property", "property": "QED"},)),
        }.items()
    )
)
"""By name, in the order of its tables."""


def auc_top(totals: Sequence[float], top: int = TOP, calls: int = CALLS) -> float:
    """Area under the curve of the mean of the best molecules over the calls, 0 to 1.

    By PMO's definition: trapezia of 100 calls, beginning at 0; where fewer molecules were scored than `calls`, the
    curve stays where it ended.

    Args:
        totals: of different molecules, in the order in which they were scored.
        top: number of best molecules.
        calls: length of the curve.

    Example:
        >>> auc_top([1.0] * 10_000)
        0.995
    """
    area, before, done = 0.0, 0.0, 0
    for number in [*range(EVERY, min(len(totals), calls), EVERY), min(len(totals), calls)]:
        now = mean_of_best(totals[:number], top)
        area += (number - done) * (now + before) / 2
        before, done = now, number
    return (area + (calls - done) * before) / calls
