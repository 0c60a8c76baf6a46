"""Where the work on a library is done: on this machine, or on a cluster."""

from molgen.library.engines.base import Engine
from molgen.library.engines.choice import ENGINES, engine_named

__all__ = ["ENGINES", "Engine", "engine_named"]
