"""Conditions as the decoder takes them: given pieces, and targets and sizes drawn as training has them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from molgen.chem.vocabulary import Vocabulary
from molgen.constraints.conditions import Conditions, Interval
from molgen.diffusion.random_keys import RandomKeys
from molgen.errors import UsageError
from molgen.graph.autoregressive.config import AutoregressiveGraphConfig
from molgen.graph.autoregressive.decoder import Targets
from molgen.graph.autoregressive.given import Given
from molgen.graph.autoregressive.properties import COLLECTION
from molgen.graph.generator import no_size

_NEAREST = 32
"""Training molecules that targets are drawn from where none has all that is asked for."""
_ALIKE = 8
"""Training molecules that the rest is drawn from where an attempt has targets of its own."""
_FLATTENED = 0.25
"""Power of the shares of sizes where pieces are given."""
_CHUNK = 256
"""Attempts that the nearest molecules are looked for at once."""


@dataclass(frozen=True)
class Asked:
    """What is given to a decoder.

    Attributes:
        given: what the graphs begin with.
        targets: property values, one row per attempt.
    """

    given: Given | None = None
    targets: Targets | None = None

    @property
    def known(self) -> int:
        """Number of given atoms."""
        return 0 if self.given is None else len(self.given.atoms)

    def rows(self, rows: Tensor) -> Asked:
        """The same for some of the attempts."""
        return self if self.targets is None else replace(self, targets=Targets(*(part[rows] for part in self.targets)))


class Plan:
    """How attempts under conditions are drawn.

    Where pieces are given, a size is as likely as so large a share of a molecule is given in training, times a power
    of its share of the training molecules. The share itself would mostly add one or two atoms to a fragment of nearly
    the size of the common molecules, since few are larger.

    Targets and size of an attempt are those of a random training molecule whose properties and size lie in all ranges
    asked for, so that they go together as in training. Where there is none, they are those of one of the molecules that
    are nearest, with each value moved into its range. An attempt that has targets of its own has them, and of such a
    training molecule, one of those nearest to the targets, all else.

    Args:
        config: of the model.
        vocabulary: of the model.
        table: property values and size of training molecules ``(R, P + 1)``, where the model has properties.
        conditions: what is asked.

    Attributes:
        exact: whether there are training molecules with all that is asked for.

    Raises:
        UsageError: the model cannot be asked for it.
    """

    def __init__(
        self, config: AutoregressiveGraphConfig, vocabulary: Vocabulary, table: Tensor | None, conditions: Conditions
    ) -> None:
        self.given = None if conditions.fragment is None else Given.of(conditions.fragment, vocabulary)
        fits = _fits(config, self.given)
        power = 1.0 if self.given is None else _FLATTENED
        self.shares = {size: max(share, 1e-9) ** power * fits(size) for size, share in config.sizes.items()}
        least = 1 if self.given is None else self.given.smallest
        self.range = _both(conditions.atoms, Interval(least, max(config.sizes)))
        self.exact = True
        names = list(config.properties)
        intervals = _intervals(config, conditions)
        own = {_of_model(config, name): values for name, values in conditions.targets.items()}
        self.columns = [names.index(name) for name in [*intervals, *own]]
        self.rows: Tensor | None = None
        self.nearest: Tensor | None = None
        if not any(size in self.range for size in config.sizes):
            raise no_size(config.sizes, least, conditions)
        if table is not None and self.columns:
            deviations = torch.tensor([scale.deviation for scale in config.properties.values()] + [1.0])
            deviations = deviations.to(table.device)
            self.rows = self._eligible(table.float(), deviations, list(intervals.values()))
            weights = {size: share / max(config.sizes[size], 1e-9) for size, share in self.shares.items()}
            each = [weights.get(int(size), 0.0) for size in self.rows[:, -1].tolist()]
            self.ends = torch.tensor(each, dtype=torch.float64, device=table.device).cumsum(0)
            if own:
                self.targets = torch.tensor(list(own.values()), device=table.device).T
                self.own = self.columns[len(intervals) :]
                self.nearest = _nearest(self.targets, self.rows[:, self.own], deviations[self.own])

    def sizes(self, rng: RandomKeys) -> Tensor:
        """Size of each attempt ``(B,)``."""
        if self.rows is not None:
            return self._drawn(rng)[:, -1].long()
        sizes = [size for size in self.shares if size in self.range]
        shares = torch.tensor([self.shares[size] for size in sizes], device=rng.keys.device)
        return torch.tensor(sizes, device=rng.keys.device)[rng.categorical(shares.expand(len(rng.keys), -1))]

    def asked(self, rng: RandomKeys) -> Asked:
        """What is given to the decoder; the keys are those that the sizes were drawn with."""
        if self.rows is None:
            return Asked(self.given)
        values = self._drawn(rng)[:, :-1]
        known = torch.zeros_like(values, dtype=torch.bool)
        known[:, self.columns] = True
        return Asked(self.given, Targets(values, known))

    def _drawn(self, rng: RandomKeys) -> Tensor:
        assert self.rows is not None
        if self.nearest is None:
            drawn = torch.searchsorted(self.ends, rng.uniform() * self.ends[-1], right=True)
            return self.rows[drawn.clamp(max=len(self.rows) - 1)]
        chosen = (rng.uniform() * self.nearest.shape[1]).long()
        drawn = self.rows[self.nearest.gather(1, chosen[:, None])[:, 0]]
        drawn[:, self.own] = self.targets
        return drawn

    def _eligible(self, table: Tensor, deviations: Tensor, intervals: list[Interval]) -> Tensor:
        """Rows of the table that have all that is asked for; or the nearest ones, moved into the ranges."""
        columns, ranges = [*self.columns[: len(intervals)], table.shape[1] - 1], [*intervals, self.range]
        moved = table.clone()
        for column, interval in zip(columns, ranges, strict=True):
            if (interval.low, interval.high) != (None, None):
                moved[:, column] = table[:, column].clamp(interval.low, interval.high)
        distance = ((moved - table) / deviations).abs().sum(1)
        inside = distance == 0
        self.exact = bool(inside.any())
        return table[inside] if self.exact else moved[distance.topk(min(_NEAREST, len(table)), largest=False).indices]


def _intervals(config: AutoregressiveGraphConfig, conditions: Conditions) -> dict[str, Interval]:
    """Ranges of the model's properties that are asked for, by name."""
    found = {_of_model(config, name): interval for name, interval in conditions.properties.items()}
    if conditions.collection is not None:
        if COLLECTION not in config.properties or conditions.collection not in config.collections:
            known = ", ".join(config.collections) or "none"
            raise UsageError(f"the model has no collection {conditions.collection!r}; it has: {known}")
        number = float(config.collections.index(conditions.collection))
        found[COLLECTION] = Interval(number, number)
    return found


def _fits(config: AutoregressiveGraphConfig, given: Given | None) -> Callable[[int], float]:
    """Likelihood that of a molecule of some size so many atoms are given, up to a factor; 1 where nothing is given."""
    if given is None or not config.given:
        return lambda size: 1.0
    shares = config.given[min(given.pieces, max(config.given))]
    k = len(given.atoms)
    return lambda size: max(shares[min(len(shares) * k // max(size, k), len(shares) - 1)], 1e-4) / size


def _of_model(config: AutoregressiveGraphConfig, name: str) -> str:
    """A property as the model writes it."""
    by_name = {known.lower(): known for known in config.properties}
    if name.lower() not in by_name:
        raise UsageError(
            f"the model cannot be asked for {name}; its properties: {', '.join(config.properties) or 'none'}"
        )
    return by_name[name.lower()]


def _nearest(targets: Tensor, rows: Tensor, deviations: Tensor) -> Tensor:
    """Numbers of the rows ``(R, T)`` that are nearest to each of some targets ``(B, T)``: ``(B, k)``."""
    k = min(_ALIKE, len(rows))
    parts = [torch.cdist(part / deviations, rows / deviations) for part in torch.split(targets, _CHUNK)]
    return torch.cat([part.topk(k, largest=False).indices for part in parts])


def _both(first: Interval | None, second: Interval) -> Interval:
    """What lies in two ranges."""
    if first is None:
        return second
    lows = [low for low in (first.low, second.low) if low is not None]
    highs = [high for high in (first.high, second.high) if high is not None]
    return Interval(max(lows, default=None), min(highs, default=None))
