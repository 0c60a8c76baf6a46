"""All molecules scored so far, and which of them are good."""

from __future__ import annotations

from bisect import insort
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from rdkit import Chem, DataStructs

from molgen.features.fragments import scaffold_of
from molgen.optimisation.ranking import Ranking
from molgen.scoring.fingerprints import fingerprint


class Memory:
    """Molecules and their totals, in the order in which they were scored.

    Args:
        per_scaffold: most molecules of a Murcko scaffold among the good ones; None for any number.

    Attributes:
        smiles: canonical.
        totals: of the score.
        origins: what each was made by, one of `molgen.optimisation.sources.SOURCES`, or ``start`` of those begun from.
        ranking: of all, however many a scaffold has.

    Example:
        >>> memory = Memory(per_scaffold=1)
        >>> memory.add(["Cc1ccccc1", "Oc1ccccc1", "CCO"], [0.5, 0.9, 0.1])
        >>> [memory.smiles[number] for number in memory.best(2)]
        ['Oc1ccccc1', 'CCO']
    """

    def __init__(self, per_scaffold: int | None = None) -> None:
        self.smiles: list[str] = []
        self.totals: list[float] = []
        self.origins: list[str] = []
        self.ranking = Ranking()
        self._per_scaffold = per_scaffold
        self._scaffolds: list[str] = []
        self._heads: defaultdict[str, list[tuple[float, int]]] = defaultdict(list)
        """By scaffold those that `good` may take: total and number with changed signs, so that they rise."""

    def __len__(self) -> int:
        return len(self.smiles)

    def add(self, smiles: Iterable[str], totals: Iterable[float], origins: Iterable[str] | None = None) -> None:
        """Append molecules; the caller leaves out those that are there already.

        Args:
            smiles: canonical.
            totals: one each.
            origins: one each; by default ``start``.
        """
        first = len(self)
        for text, total in zip(smiles, totals, strict=True):
            self.smiles.append(text)
            self.totals.append(total)
            if self._per_scaffold is not None:
                self._scaffolds.append(scaffold_of(text))
                head = self._heads[self._scaffolds[-1]]
                insort(head, (-total, 1 - len(self.smiles)))
                del head[self._per_scaffold :]
        self.ranking.add(self.totals[first:])
        self.origins += ["start"] * (len(self.smiles) - len(self.origins)) if origins is None else origins

    def best(self, count: int) -> list[int]:
        """Numbers of the best molecules, best first; of equal ones the first; each scaffold as often as it may be."""
        return self._chosen(count, newest=False)

    def good(self, count: int) -> list[int]:
        """Numbers of molecules to learn from and to change: the best ones, if they are better than the worst.

        Of equal ones the newest come first, so that changes accumulate even while the total stays equal (neutral
        drift).
        """
        return [number for number in self._chosen(count, newest=True) if self.totals[number] > self.worst]

    @property
    def worst(self) -> float:
        """The lowest total; 0 where there is none."""
        return self.totals[self.ranking.first[-1]] if len(self) else 0.0

    def _chosen(self, count: int, newest: bool) -> list[int]:
        """The best; of equal ones the newest, or the first."""
        order = self.ranking.newest if newest else self.ranking.first
        if self._per_scaffold is None:
            return order[:count].tolist()
        found: list[int] = []
        seen: Counter[str] = Counter()
        for number in order.tolist():
            if len(found) == count:
                break
            seen[self._scaffolds[number]] += 1
            if seen[self._scaffolds[number]] <= self._per_scaffold:
                found.append(number)
        return found

    def rewards(self, numbers: Sequence[int]) -> NDArray[np.float64]:
        """Totals of molecules, 0 for those that `good` leaves out because their scaffold has better ones."""
        totals = np.array([self.totals[number] for number in numbers], dtype=float)
        if self._per_scaffold is None:
            return totals
        entries = zip(numbers, -totals, strict=True)
        kept = [(cost, -number) in self._heads[self._scaffolds[number]] for number, cost in entries]
        return np.where(kept, totals, 0.0)

    def mean_of_best(self, count: int) -> float:
        """Mean total of the best molecules; 0 where there is none."""
        best = [self.totals[number] for number in self.ranking.first[:count]]
        return sum(best) / max(len(best), 1)

    def diversity(self, count: int = 100) -> float:
        """Mean Tanimoto distance (Morgan, radius 2, 2048 bits) between the best molecules; 0 where there is one."""
        bits = [_bits(self.smiles[number]) for number in self.best(count)]
        similar = [
            value for i in range(1, len(bits)) for value in DataStructs.BulkTanimotoSimilarity(bits[i], bits[:i])
        ]
        return 1 - sum(similar) / len(similar) if similar else 0.0


@lru_cache(1024)  # the best molecules of one step are mostly those of the next
def _bits(smiles: str) -> DataStructs.ExplicitBitVect:
    return fingerprint("morgan")(Chem.MolFromSmiles(smiles))


def ranked(count: int, size: int, rank: float, draw: np.random.Generator) -> list[int]:
    """Ranks, best 0, drawn without repetition with weights 1 / (rank * size + r + 1) (Kim et al., 2024).

    Args:
        count: wanted.
        size: molecules to draw from.
        rank: the smaller, the more often the best.
        draw: randomness.
    """
    found = list[int]()
    while len(found) < min(count, size):
        places = draw.random(min(count, size) - len(found))
        for one in _shares(size, rank, tuple(found)).searchsorted(places, side="right").tolist():
            if one not in found:
                found.append(one)
    return found


@lru_cache(16)  # each pair of parents asks for them, and mostly at once finds two that differ
def _shares(size: int, rank: float, without: tuple[int, ...]) -> NDArray[np.float64]:
    """Sums of weights up to each rank, the last of them 1; some ranks have no weight."""
    weights = 1 / (rank * size + np.arange(size) + 1)
    weights[list(without)] = 0
    sums = np.cumsum(weights)
    return sums / sums[-1]
