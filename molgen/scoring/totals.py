"""Values and totals of molecules: what counts as one, and what a failure counts as."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from heapq import nlargest

from molgen.errors import MolgenError

FAILED = 0.0
"""Total that a molecule counts as which has none: the least that any can have."""


def number_or_nan(value: float | str) -> float:
    """The value as a finite number, NaN where it is infinite.

    Raises:
        ValueError: a text that is no number.
        TypeError: likewise for anything else.

    Example:
        >>> number_or_nan("1.5"), number_or_nan(float("inf"))
        (1.5, nan)
    """
    number = float(value)
    return number if math.isfinite(number) else math.nan


def counted(totals: Iterable[float]) -> list[float]:
    """Totals by which molecules are ranked and learned from: `FAILED` in place of NaN.

    Args:
        totals: one per molecule, NaN where there is none.

    Raises:
        MolgenError: one is below `FAILED`: then a molecule whose score failed would be better than one with a score.

    Example:
        >>> counted([0.5, math.nan])
        [0.5, 0.0]
    """
    found = [FAILED if math.isnan(total) else total for total in totals]
    least = min(found, default=FAILED)
    if least < FAILED:
        raise MolgenError(
            f"the score gives {least:.4g}, but totals must be at least 0, which is what a failure counts as: "
            "map it to numbers from 0 to 1, for instance by a shape (docs/optimise.md)"
        )
    return found


def mean_of_best(totals: Sequence[float], count: int) -> float:
    """Mean of the `count` highest totals, or of all where there are fewer; 0 where there is none.

    Example:
        >>> mean_of_best([0.2, 1.0, 0.4], 2)
        0.7
    """
    best = nlargest(count, totals)
    return sum(best) / max(len(best), 1)


def written(value: float) -> float | None:
    """A value as it is written to files: seven significant digits; None where there is none.

    Example:
        >>> written(2 / 3), written(2e-9), written(math.nan)
        (0.6666667, 2e-09, None)
    """
    return None if math.isnan(value) else float(f"{value:.7g}")
