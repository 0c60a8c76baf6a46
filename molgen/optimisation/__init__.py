"""Goal-directed generation: molecules that are good by a score."""

from molgen.optimisation.config import OptimiserConfig
from molgen.optimisation.optimise import optimise
from molgen.optimisation.result import Optimised

__all__ = ["Optimised", "OptimiserConfig", "optimise"]
