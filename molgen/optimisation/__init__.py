"""Goal-directed generation: molecules that are good by a score."""

from molgen.optimisation.config import OptimiserConfig
from molgen.optimisation.optimise import Failed, optimise
from molgen.optimisation.result import Optimised

__all__ = ["Failed", "Optimised", "OptimiserConfig", "optimise"]
