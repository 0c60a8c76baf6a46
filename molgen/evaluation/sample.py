"""A set of attempts: features computed by worker processes and kept as columns."""

from __future__ import annotations

from array import array
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from functools import partial

import numpy as np
from numpy.typing import NDArray

from molgen.errors import MolgenError
from molgen.evaluation.columns import Bits, Column, MeanVector, Numbers, Words, column_for
from molgen.features import NOTHING, describe
from molgen.features.neighbourhoods import SparseVector
from molgen.system.workers import TIME_LIMIT, Lost, isolated_map


@dataclass(frozen=True)
class LostAttempt:
    """An attempt on which RDKit crashed or hung.

    Attributes:
        number: of the attempt, from 1.
        text: its first 80 characters.
        reason: what happened.
    """

    number: int
    text: str
    reason: str


@dataclass
class Sample:
    """Attempts and their features.

    Columns of features have a row for each *readable* attempt, in order; readable is what the original MOSES code
    calls valid. Verdicts have a row for each attempt. Of sparse vectors only the mean is kept: over the strictly valid
    attempts if there are verdicts, else over the readable ones.

    Attributes:
        attempts: number of attempts.
        readable: numbers of the attempts with a row in `columns`, from 0.
        strict: canonical SMILES without stereo of the strictly valid attempts; empty rows for the others.
        verdicts: ``(attempts, 3)``: sanitises, largest fragment reads back, relaxed.
        stable: ``(attempts, 2)``: stable and all heavy atoms.
        columns: by feature.
        lost: attempts that crashed or timed out.
    """

    attempts: int
    readable: NDArray[np.int64]
    strict: Words
    verdicts: NDArray[np.bool_]
    stable: NDArray[np.int64]
    columns: dict[str, Column]
    lost: list[LostAttempt] = field(default_factory=list)

    @property
    def valid(self) -> NDArray[np.bool_]:
        """``(attempts,)``: strictly valid."""
        mask = np.zeros(self.attempts, dtype=bool)
        mask[self.strict.rows] = True
        return mask

    @property
    def valid_rows(self) -> NDArray[np.bool_]:
        """``(readable,)``: whether each row of the columns is strictly valid."""
        return self.valid[self.readable]

    def numbers(self, feature: str) -> NDArray[np.float64]:
        """A column of numbers."""
        column = self.columns[feature]
        assert isinstance(column, Numbers)
        return column.values

    def bits(self, feature: str) -> NDArray[np.uint64]:
        """A column of fingerprints, ``(n, words)``."""
        column = self.columns[feature]
        assert isinstance(column, Bits)
        return column.words

    def words(self, feature: str) -> Words:
        """A column of strings."""
        column = self.columns[feature]
        assert isinstance(column, Words)
        return column

    def mean(self, feature: str) -> SparseVector:
        """The mean of sparse vectors."""
        column = self.columns[feature]
        assert isinstance(column, MeanVector)
        return column.mean()


def examine(
    smiles: Iterable[str],
    features: Sequence[str] = (),
    *,
    verdicts: bool = True,
    stereo: bool = True,
    again: bool = True,
    jobs: int | None = None,
    time_limit: float = TIME_LIMIT,
    progress: Callable[[int], None] | None = None,
) -> Sample:
    """Compute features of a stream of attempts; only the columns and a few chunks are kept in memory.

    Args:
        smiles: one string per attempt.
        features: names of `molgen.features.FEATURES`.
        verdicts: compute validity and stability; without, no attempt counts as strictly valid.
        stereo: whether features see stereo labels.
        again: compute features from a second reading, see `molgen.features.record.MoleculeRecord`.
        jobs: worker processes; by default one per core.
        time_limit: seconds of processor time per attempt, after which it is lost.
        progress: called with the number of attempts described so far.

    Raises:
        MolgenError: there are no attempts.
    """
    names = tuple(features)
    columns = {name: column_for(name) for name in names}
    averaged = {name for name in names if isinstance(columns[name], MeanVector)}
    strict, readable, judged, stable = Words(), array("q"), bytearray(), array("q")
    lost: list[LostAttempt] = []
    under_way: deque[str] = deque()

    def passing() -> Iterable[str]:
        for text in smiles:
            under_way.append(text[:80])
            yield text

    number = 0
    function = partial(describe, names=names, verdicts=verdicts, stereo=stereo, again=again)
    function("C")  # loads lists of alerts and fragments, which forked processes then share and no attempt pays for
    for outcome in isolated_map(function, passing(), jobs=jobs, time_limit=time_limit):
        text = under_way.popleft()
        if isinstance(outcome, Lost):
            lost.append(LostAttempt(number + 1, text, outcome.reason))
            outcome = NOTHING
        number += 1
        verdict = outcome.verdict
        strict.add(() if verdict.smiles is None else (verdict.smiles,))
        judged += bytes((verdict.sanitize, verdict.largest_fragment, verdict.relaxed))
        stable.extend(outcome.stable)
        if outcome.features is not None:
            readable.append(number - 1)
            for name, value in zip(names, outcome.features, strict=True):
                if name not in averaged or not verdicts or verdict.smiles is not None:
                    columns[name].add(value)
        if progress is not None and number % 100 == 0:
            progress(number)
    if number == 0:
        raise MolgenError("there is nothing to evaluate")
    return Sample(
        attempts=number,
        readable=np.array(readable, dtype=np.int64),
        strict=strict,
        verdicts=np.frombuffer(judged, dtype=np.bool_).reshape(-1, 3),
        stable=np.array(stable, dtype=np.int64).reshape(-1, 2),
        columns=columns,
        lost=lost,
    )
