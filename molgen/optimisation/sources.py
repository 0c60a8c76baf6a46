"""Where the molecules of a step come from, and how many from each source: the more often its molecules are good."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, get_args

import numpy as np

Source = Literal["new", "regrown", "crossed", "mutated"]
"""Sampled from nothing, grown from a part of a good molecule, made of two good ones, or by a change of one."""

SOURCES: tuple[Source, ...] = get_args(Source)
GOOD = 10
"""A molecule is good that is among so many best when it comes."""
_DECAY = 0.95
"""By which what was counted before is multiplied at each step."""
_PRIOR = 10.0
"""Molecules, one of them good, that each source is taken to have tried before."""
_FLOOR = 0.05
"""Least share of a source, rounded down to whole molecules."""


@dataclass
class Sources:
    """Counts of molecules by source.

    Attributes:
        tried: molecules that each was to make, recent ones counting more.
        good: those of them that were among the best.

    Example:
        >>> sources = Sources()
        >>> sources.counts(40, ("new", "mutated"))
        {'new': 20, 'mutated': 20}
        >>> sources.count({"new": (20, 0), "mutated": (20, 10)})
        >>> sources.counts(40, ("new", "mutated"))
        {'new': 5, 'mutated': 35}
    """

    tried: dict[str, float] = field(default_factory=lambda: dict.fromkeys(SOURCES, 0.0))
    good: dict[str, float] = field(default_factory=lambda: dict.fromkeys(SOURCES, 0.0))

    def counts(self, total: int, among: Sequence[Source]) -> dict[Source, int]:
        """How many molecules each of some sources is to make; in all `total`.

        Args:
            total: molecules of a step.
            among: sources that can be used, the first of which takes what is left by rounding.
        """
        rates = np.array([(self.good[one] + 1) / (self.tried[one] + _PRIOR) for one in among])
        shares = _FLOOR + (1 - _FLOOR * len(among)) * rates / rates.sum()
        wanted = np.floor(shares * total).astype(int)
        wanted[0] += total - wanted.sum()
        return dict(zip(among, wanted.tolist(), strict=True))

    def count(self, found: Mapping[Source, tuple[int, int]]) -> None:
        """Take note of a step.

        Args:
            found: molecules that a source was to make, and good ones that it made, by source.
        """
        for one in SOURCES:
            tried, good = found.get(one, (0, 0))
            self.tried[one] = _DECAY * self.tried[one] + tried
            self.good[one] = _DECAY * self.good[one] + good
