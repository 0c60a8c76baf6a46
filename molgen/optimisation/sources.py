"""Where the molecules of a step come from, and how many from each source: the more often its molecules are good."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, get_args

import numpy as np

Source = Literal["new", "regrown", "crossed", "mutated"]
"""Sampled from nothing, grown from a part of a good molecule, made of two good ones, or by a change of one."""

SOURCES: tuple[Source, ...] = get_args(Source)
GOOD = 100
"""A molecule is good that is among so many best when it comes."""
_DECAY = 0.95
"""By which what was counted before is multiplied at each step."""
_PRIOR = 10.0
"""Molecules, as many of them good as of all sources, that each is taken to have tried before."""
_FLOOR = 0.02
"""Least share of a source."""


@dataclass
class Sources:
    """Counts of molecules by source.

    Attributes:
        tried: molecules that each was to make, recent ones counting more.
        good: those of them that were among the best.

    Example:
        >>> sources, draw = Sources(), np.random.default_rng(0)
        >>> sources.counts(40, ("new", "mutated"), draw)
        {'new': 20, 'mutated': 20}
        >>> sources.count({"new": (20, 0), "mutated": (20, 10)})
        >>> sources.counts(40, ("new", "mutated"), draw)
        {'new': 6, 'mutated': 34}
    """

    tried: dict[str, float] = field(default_factory=lambda: dict.fromkeys(SOURCES, 0.0))
    good: dict[str, float] = field(default_factory=lambda: dict.fromkeys(SOURCES, 0.0))

    def counts(self, total: int, among: Sequence[Source], draw: np.random.Generator) -> dict[Source, int]:
        """How many molecules each of some sources is to make; in all `total`, and on average its share.

        Args:
            total: molecules of a step.
            among: sources that can be used.
            draw: randomness.
        """
        usual = (sum(self.good.values()) + 1) / (sum(self.tried.values()) + _PRIOR)
        rates = np.array([(self.good[one] + usual * _PRIOR) / (self.tried[one] + _PRIOR) for one in among])
        shares = _FLOOR + (1 - _FLOOR * len(among)) * rates / rates.sum()
        ends = np.floor(np.cumsum(shares[:-1]) * total + draw.random()).astype(int)
        return dict(zip(among, np.diff(ends, prepend=0, append=total).tolist(), strict=True))

    def count(self, found: Mapping[Source, tuple[int, int]]) -> None:
        """Take note of a step.

        Args:
            found: molecules that a source was to make, and good ones that it made, by source.
        """
        for one in SOURCES:
            tried, good = found.get(one, (0, 0))
            self.tried[one] = _DECAY * self.tried[one] + tried
            self.good[one] = _DECAY * self.good[one] + good
