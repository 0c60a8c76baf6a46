"""Closed and open ranges of numbers, as people write them."""

from __future__ import annotations

import math
from dataclasses import dataclass

from molgen.errors import UsageError

_DOTS = ".."


@dataclass(frozen=True)
class Interval:
    """A closed range of numbers, open where a bound is None.

    Attributes:
        low: least value.
        high: largest value.
    """

    low: float | None = None
    high: float | None = None

    def __contains__(self, value: float) -> bool:
        return (self.low is None or value >= self.low) and (self.high is None or value <= self.high)

    def __str__(self) -> str:
        if self.low == self.high and self.low is not None:
            return f"{self.low:g}"
        return _DOTS.join("" if bound is None else f"{bound:g}" for bound in (self.low, self.high))

    def overlaps(self, other: Interval) -> bool:
        """Whether some number lies in both."""
        return all(a.low is None or b.high is None or a.low <= b.high for a, b in ((self, other), (other, self)))

    def clamped(self, value: float) -> float:
        """The nearest value inside."""
        value = value if self.low is None else max(value, self.low)
        return value if self.high is None else min(value, self.high)

    @classmethod
    def of(cls, value: object, name: str) -> Interval:
        """A range from a number, from two bounds of which None is none, or from text.

        Args:
            value: such as ``2``, ``(1, 3)``, ``(0.7, None)``, ``"1..3"``, ``"0.7.."``, ``"..400"`` or ``"2"``.
            name: of what it is a range, for messages.

        Raises:
            UsageError: it is none of these, has no bound, or is empty.

        Example:
            >>> Interval.of("1..3", "logP"), str(Interval.of((0.7, None), "QED"))
            (Interval(low=1.0, high=3.0), '0.7..')
        """
        if isinstance(value, Interval):
            return value
        if isinstance(value, str):
            low, dots, high = value.partition(_DOTS)
            bounds = [_number(low, name), _number(high, name) if dots else _number(low, name)]
        elif isinstance(value, (tuple, list)) and len(value) == 2:
            bounds = [_number(bound, name) for bound in value]
        else:
            bounds = [_number(value, name)] * 2
        if bounds == [None, None]:
            raise UsageError(f"{name} has no value: write {name}=2, {name}=1..3, {name}=1.. or {name}=..3")
        low_bound, high_bound = bounds
        if low_bound is not None and high_bound is not None and low_bound > high_bound:
            raise UsageError(f"the range {low_bound:g}..{high_bound:g} of {name} is empty: write the lower bound first")
        return cls(low_bound, high_bound)


def _number(value: object, name: str) -> float | None:
    if value is None or (isinstance(value, str) and not value.strip()):
        return None
    try:
        number = float(value)  # type: ignore[arg-type]
    except (TypeError, ValueError):
        raise UsageError(f"{name} takes a number or a range such as 1..3, not {value!r}") from None
    if not math.isfinite(number):
        raise UsageError(f"{name} takes finite numbers, not {value!r}")
    return number
