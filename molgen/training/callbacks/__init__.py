"""What happens beside the steps: stopping, saving, validation, progress."""

from __future__ import annotations

from molgen.training.callbacks.console import Console
from molgen.training.callbacks.keeper import Keeper
from molgen.training.callbacks.monitor import Monitor
from molgen.training.callbacks.stopper import Stopper

__all__ = ["Console", "Keeper", "Monitor", "Stopper"]
