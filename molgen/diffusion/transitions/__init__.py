"""Noise on categorical variables: how a category drifts, one class per transition."""

from molgen.diffusion.transitions.absorbing import Absorbing
from molgen.diffusion.transitions.base import RankOne, Transition
from molgen.diffusion.transitions.hamming import Hamming
from molgen.diffusion.transitions.marginal import Marginal
from molgen.diffusion.transitions.uniform import Uniform

__all__ = ["Absorbing", "Hamming", "Marginal", "RankOne", "Transition", "Uniform"]
