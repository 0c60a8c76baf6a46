"""Molecules in the order of their totals, which is kept while more of them come."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np


class Ranking:
    """Numbers of molecules, best first: the new ones are put among those that are in order, so that a step of a long
    run does not sort all of them.

    Attributes:
        newest: numbers, of equal molecules the newest first.
        first: numbers, of equal molecules the first.

    Example:
        >>> ranking = Ranking()
        >>> ranking.add([0.5, 0.9])
        >>> ranking.add([0.5, 1.0])
        >>> ranking.first.tolist(), ranking.newest.tolist()
        ([3, 1, 0, 2], [3, 1, 2, 0])
    """

    def __init__(self) -> None:
        self.first = self.newest = np.empty(0, np.int64)
        self._costs = np.empty(0)
        """Totals with their signs changed, so that they rise, as searching asks."""

    def add(self, totals: Sequence[float]) -> None:
        """Molecules with the numbers that follow those that are there.

        Args:
            totals: one each.
        """
        costs, numbers = -np.array(totals, dtype=float), len(self._costs) + np.arange(len(totals))
        order = np.lexsort((-numbers, costs))
        places = np.searchsorted(self._costs, costs[order], "left")
        self.newest = np.insert(self.newest, places, numbers[order])
        order = np.argsort(costs, kind="stable")
        places = np.searchsorted(self._costs, costs[order], "right")
        self.first = np.insert(self.first, places, numbers[order])
        self._costs = np.insert(self._costs, places, costs[order])

    def at_least(self, total: float) -> int:
        """How many molecules have so high a total."""
        return int(np.searchsorted(self._costs, -total, "right"))
