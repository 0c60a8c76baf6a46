"""Scores that are remembered: every molecule is scored once."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

from molgen.errors import MolgenError, UsageError
from molgen.scoring.calling import call_score, checked_timeout
from molgen.scoring.inputs import smiles_list
from molgen.scoring.score import TOTAL, Columns, Score
from molgen.scoring.totals import counted

AnyScore = Score | Callable[[list[str]], Any]
"""A `Score`, or any function from a list of SMILES to a list of numbers."""


FEWEST = 16
"""Molecules of which one at least must have a total."""

_PART = 1000
"""Most molecules that are scored in one call: time limits are those of a call, and some terms take memory for each."""


class Scorer:
    """Calls a score for molecules that it has not scored before.

    Args:
        score: what is called.
        timeout: seconds that one call of a function may take.

    Raises:
        UsageError: a timeout that is not above 0 or that is given for a `Score`, whose terms have their own; or a score
            that cannot be called.

    Attributes:
        known: values of the molecules scored so far by canonical SMILES, in the order of `columns`, NaN for none.
        columns: names of the values; the first is ``total``.

    Example:
        >>> scorer = Scorer(lambda texts: [len(text) for text in texts])
        >>> scorer(["CCO", "CCO", "C"]), scorer.calls
        ([3.0, 3.0, 1.0], 2)
    """

    def __init__(self, score: AnyScore, timeout: float | None = None) -> None:
        if not callable(score):
            raise UsageError(f"{score!r:.60} is no score: take a function, or load_score(path) for a score.toml")
        if timeout is not None and isinstance(score, Score):
            raise UsageError("a time limit is for a function alone: the terms of a score have their own, timeout = 60")
        self.score = score
        self.timeout = None if timeout is None else checked_timeout(timeout)
        self.columns = score.columns if isinstance(score, Score) else (TOTAL,)
        self.known: dict[str, tuple[float, ...]] = {}

    @property
    def calls(self) -> int:
        """Different molecules that were scored."""
        return len(self.known)

    @property
    def failures(self) -> dict[str, int]:
        """Molecules without a value, by column, where there are any."""
        counts = {
            column: sum(math.isnan(values[number]) for values in self.known.values())
            for number, column in enumerate(self.columns)
        }
        return {column: count for column, count in counts.items() if count}

    def new(self, smiles: Sequence[str]) -> list[str]:
        """Those of the canonical SMILES that have not been scored, each once, in order."""
        return [text for text in dict.fromkeys(smiles) if text not in self.known]

    def __call__(self, smiles: Sequence[str]) -> list[float]:
        """Totals of molecules as they are compared, see `molgen.scoring.totals.counted`.

        Args:
            smiles: canonical.

        Raises:
            MolgenError: as `values`, or a total is below 0.
        """
        return counted(row[0] for row in self.values(smiles))

    def values(self, smiles: Sequence[str]) -> list[tuple[float, ...]]:
        """Values of molecules, a row each in the order of `columns`, NaN where there is none.

        Args:
            smiles: canonical.

        Raises:
            UsageError: not a list of SMILES, see `molgen.scoring.inputs.smiles_list`.
            MolgenError: the score fails, see `call_score`, or has had no total for any of `FEWEST` or more molecules.
        """
        smiles = smiles_list(smiles)
        new = self.new(smiles)
        for begin in range(0, len(new), _PART):
            part = new[begin : begin + _PART]
            found = self._computed(part)
            rows = zip(*(found[column] for column in self.columns), strict=True)
            self.known.update(zip(part, rows, strict=True))
            if self.calls >= FEWEST and all(math.isnan(values[0]) for values in self.known.values()):
                raise MolgenError(f"the score has no value for any of the first {self.calls} molecules{self._why()}")
        return [self.known[text] for text in smiles]

    def _why(self) -> str:
        reasons = self.score.failures if isinstance(self.score, Score) else {}
        return "".join(f"; term {name}: {reason}" for name, reason in reasons.items())

    def _computed(self, smiles: list[str]) -> Columns:
        if isinstance(self.score, Score):
            return self.score.table(smiles)
        return {TOTAL: call_score(self.score, smiles, timeout=self.timeout)}
