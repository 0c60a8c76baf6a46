"""Shapes: maps from the value of a term to [0, 1]."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Annotated, Literal, Self

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field, model_validator

Values = NDArray[np.float64]


class Shape(BaseModel, ABC):
    """A map from values to [0, 1], elementwise."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)

    @abstractmethod
    def __call__(self, x: Values) -> Values:
        """Values of any shape, each in [0, 1]; NaN stays NaN."""


class Clip(Shape):
    """The value itself, below 0 and above 1 cut off.

    Example:
        >>> Clip()(np.array([-1.0, 0.4, 2.0])).tolist()
        [0.0, 0.4, 1.0]
    """

    type: Literal["clip"] = "clip"

    def __call__(self, x: Values) -> Values:
        return np.clip(x, 0.0, 1.0)


class Range(Shape):
    """1 from `low` to `high`, and down to 0 in a straight line over a `width` on both sides.

    Example:
        >>> Range(low=1, high=3, width=2)(np.array([0.0, 2.0, 4.0, 5.0])).tolist()
        [0.5, 1.0, 0.5, 0.0]
    """

    type: Literal["range"] = "range"
    low: float
    high: float
    width: float = Field(0.0, ge=0)

    @model_validator(mode="after")
    def _check(self) -> Self:
        if self.low > self.high:
            raise ValueError("low is larger than high")
        return self

    def __call__(self, x: Values) -> Values:
        return _slope(np.maximum(self.low - x, x - self.high), self.width)


class Above(Shape):
    """1 from `value` up, and down to 0 in a straight line over a `width` below it.

    Example:
        >>> Above(value=0.8, width=0.8)(np.array([0.0, 0.4, 0.9])).tolist()
        [0.0, 0.5, 1.0]
    """

    type: Literal["above"] = "above"
    value: float
    width: float = Field(0.0, ge=0)

    def __call__(self, x: Values) -> Values:
        return _slope(self.value - x, self.width)


class Below(Shape):
    """1 up to `value`, and down to 0 in a straight line over a `width` above it.

    Example:
        >>> Below(value=5, width=2)(np.array([4.0, 6.0, 7.0])).tolist()
        [1.0, 0.5, 0.0]
    """

    type: Literal["below"] = "below"
    value: float
    width: float = Field(0.0, ge=0)

    def __call__(self, x: Values) -> Values:
        return _slope(x - self.value, self.width)


class Gaussian(Shape):
    """exp(- (x - mean)^2 / (2 deviation^2)); with `flat`, 1 on that side of the mean.

    Example:
        >>> Gaussian(mean=4, deviation=1, flat="below")(np.array([2.0, 4.0, 5.0])).round(3).tolist()
        [1.0, 1.0, 0.607]
    """

    type: Literal["gaussian"] = "gaussian"
    mean: float
    deviation: float = Field(gt=0)
    flat: Literal["above", "below"] | None = None

    def __call__(self, x: Values) -> Values:
        bounded = {"above": np.minimum, "below": np.maximum}.get(self.flat or "")
        far = ((x if bounded is None else bounded(x, self.mean)) - self.mean) / self.deviation
        return np.exp(-0.5 * far**2)


class Step(Shape):
    """1 from `value` up and 0 below it; the other way round with ``side = "below"``, the value itself included.

    Example:
        >>> Step(value=0, side="below")(np.array([0.0, 1.0])).tolist()
        [1.0, 0.0]
    """

    type: Literal["step"] = "step"
    value: float
    side: Literal["above", "below"] = "above"

    def __call__(self, x: Values) -> Values:
        found = x >= self.value if self.side == "above" else x <= self.value
        return np.where(np.isnan(x), np.nan, found)


def _slope(outside: Values, width: float) -> Values:
    """1 where `outside` is at most 0, falling to 0 at `width`."""
    if width == 0:
        return np.where(np.isnan(outside), np.nan, outside <= 0)
    return 1 - np.clip(outside, 0.0, width) / width


AnyShape = Annotated[Clip | Range | Above | Below | Gaussian | Step, Field(discriminator="type")]
"""Any of them, by their ``type``."""
