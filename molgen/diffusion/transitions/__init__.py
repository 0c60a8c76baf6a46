"""Transitions: the noise on categorical variables, one class each."""

from __future__ import annotations

from collections.abc import Sequence

from molgen.diffusion.transitions.absorbing import Absorbing
from molgen.diffusion.transitions.base import RankOne, Transition
from molgen.diffusion.transitions.hamming import Hamming
from molgen.diffusion.transitions.marginal import Marginal
from molgen.diffusion.transitions.uniform import Uniform

__all__ = ["TRANSITIONS", "Absorbing", "Hamming", "Marginal", "RankOne", "Transition", "Uniform", "make_transition"]

TRANSITIONS = ("uniform", "absorbing", "marginal", "hamming")
"""Names for `make_transition`."""


def make_transition(
    name: str, marginal: Sequence[float], codes: Sequence[Sequence[object]], length: float = 1.0
) -> Transition:
    """A transition by name.

    Args:
        name: of `TRANSITIONS`.
        marginal: share of each category in the data.
        codes: feature code of each category, for hamming.
        length: distance over which the rates of hamming fall by e.

    Raises:
        ValueError: an unknown name.
    """
    match name:
        case "uniform":
            return Uniform(len(marginal))
        case "absorbing":
            return Absorbing(len(marginal))
        case "marginal":
            return Marginal(marginal)
        case "hamming":
            return Hamming(codes, length)
    raise ValueError(f"unknown transition {name!r}; known: {', '.join(TRANSITIONS)}")
