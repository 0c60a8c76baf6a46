"""Noise schedules: alpha(t), the share of signal left at time t, falling from 1 to 0."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod

from torch import Tensor


class Schedule(ABC):
    """alpha: [0, 1] -> [0, 1] with alpha(0) = 1, alpha(1) = 0, decreasing."""

    @abstractmethod
    def alpha(self, t: Tensor) -> Tensor:
        """Signal at times `t`, any shape."""

    @abstractmethod
    def slope(self, t: Tensor) -> Tensor:
        """d alpha / d t at times `t`, any shape; never positive."""


class Linear(Schedule):
    """alpha(t) = 1 - t."""

    def alpha(self, t: Tensor) -> Tensor:
        return 1 - t

    def slope(self, t: Tensor) -> Tensor:
        return -t.new_ones(()).expand_as(t)


class Cosine(Schedule):
    """alpha(t) = cos^2(pi t / 2) (Nichol and Dhariwal, 2021, without offset)."""

    def alpha(self, t: Tensor) -> Tensor:
        # (1 + cos) / 2 rather than a squared cosine: exactly 0 at t = 1 in floating point.
        return (1 + (math.pi * t).cos()) / 2

    def slope(self, t: Tensor) -> Tensor:
        return -math.pi / 2 * (math.pi * t).sin()


class Polynomial(Schedule):
    """alpha(t) = 1 - t^p.

    Args:
        power: p > 0; above 1 keeps signal longer.
    """

    def __init__(self, power: float = 2.0) -> None:
        if power <= 0:
            raise ValueError(f"power must be positive, got {power}")
        self.power = power

    def alpha(self, t: Tensor) -> Tensor:
        return 1 - t**self.power

    def slope(self, t: Tensor) -> Tensor:
        return -self.power * t ** (self.power - 1)


SCHEDULES: dict[str, type[Schedule]] = {"linear": Linear, "cosine": Cosine, "polynomial": Polynomial}
