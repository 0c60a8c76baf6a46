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

    @abstractmethod
    def time(self, alpha: Tensor) -> Tensor:
        """The time at which the signal is `alpha`, any shape."""


class Linear(Schedule):
    """alpha(t) = 1 - t."""

    def alpha(self, t: Tensor) -> Tensor:
        return 1 - t

    def slope(self, t: Tensor) -> Tensor:
        return -t.new_ones(()).expand_as(t)

    def time(self, alpha: Tensor) -> Tensor:
        return 1 - alpha


class Cosine(Schedule):
    """alpha(t) = cos^2(pi t / 2) (Nichol and Dhariwal, 2021, without offset)."""

    def alpha(self, t: Tensor) -> Tensor:
        # A sine of 1 - t rather than a cosine of t: exactly 0 at t = 1 in floating point, and nowhere before.
        return (math.pi / 2 * (1 - t)).sin() ** 2

    def slope(self, t: Tensor) -> Tensor:
        return -math.pi / 2 * (math.pi * t).sin()

    def time(self, alpha: Tensor) -> Tensor:
        return (2 * alpha - 1).clamp(-1, 1).acos() / math.pi


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

    def time(self, alpha: Tensor) -> Tensor:
        return (1 - alpha).clamp(min=0) ** (1 / self.power)


SCHEDULES: dict[str, type[Schedule]] = {"linear": Linear, "cosine": Cosine, "polynomial": Polynomial}
"""By name."""


def make_schedule(name: str, power: float = 2.0) -> Schedule:
    """A schedule by name.

    Args:
        name: of `SCHEDULES`.
        power: of the polynomial one.
    """
    return Polynomial(power) if name == "polynomial" else SCHEDULES[name]()
