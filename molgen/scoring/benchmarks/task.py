"""A task of a benchmark: a score, and how what was found is judged."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from molgen.scoring.combination import Combination
from molgen.scoring.score import Score
from molgen.scoring.totals import mean_of_best


@dataclass(frozen=True)
class Task:
    """A task of a benchmark.

    Attributes:
        combine: see `molgen.scoring.combination`.
        terms: settings of the terms.
        tops: the result is the mean over these numbers k of the mean of the k best molecules.
    """

    combine: Combination
    terms: tuple[dict[str, Any], ...]
    tops: tuple[int, ...] = (1, 10, 100)

    @cached_property
    def score(self) -> Score:
        """The score of a molecule, 0 to 1."""
        return Score.of(combine=self.combine, terms=self.terms)

    def result(self, totals: Sequence[float]) -> float:
        """The result of different molecules with these totals, 0 to 1; those that are missing count as 0.

        Example:
            >>> Task("mean", (), tops=(1, 2)).result([0.2, 1.0])
            0.8
        """
        padded = [*totals, *[0.0] * max(self.tops)]
        return sum(mean_of_best(padded, top) for top in self.tops) / len(self.tops)
