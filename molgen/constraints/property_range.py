"""Ranges of properties that some molecule can have."""

from __future__ import annotations

import math

from molgen.constraints.interval import Interval
from molgen.errors import UsageError
from molgen.features.named_properties import find_property


def property_range(value: object, name: str) -> Interval:
    """A range of a property, see `Interval.of`.

    Args:
        value: a number, a range, or either as text.
        name: of the property, whatever its case.

    Raises:
        UsageError: it is no range, there is no such property, or no molecule can have a value in it.

    Example:
        >>> str(property_range("0.7..", "qed"))
        '0.7..'
        >>> property_range((2, 3), "QED")
        Traceback (most recent call last):
        ...
        molgen.errors.UsageError: no molecule has QED 2..3: its values are 0..1
    """
    known = find_property(name)
    wanted = Interval.of(value, known.name)
    possible = Interval(known.least, known.largest)
    if not wanted.overlaps(possible):
        raise UsageError(f"no molecule has {known.name} {wanted}: its values are {possible}")
    if known.whole and not _holds_a_whole_number(wanted):
        raise UsageError(f"no molecule has {known.name} {wanted}: its values are whole numbers")
    return wanted


def _holds_a_whole_number(interval: Interval) -> bool:
    return interval.low is None or interval.high is None or math.ceil(interval.low) <= math.floor(interval.high)
