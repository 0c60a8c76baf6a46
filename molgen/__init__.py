"""New molecules by discrete diffusion."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

if TYPE_CHECKING:
    from molgen.datasets import load_dataset
    from molgen.dialogue import load_dialogue
    from molgen.evaluation import evaluate
    from molgen.models.generator import load

_LAZY = {
    "evaluate": "molgen.evaluation",
    "load": "molgen.models.generator",
    "load_dialogue": "molgen.dialogue",
    "load_dataset": "molgen.datasets",
}

__all__ = ["__version__", "evaluate", "load", "load_dataset", "load_dialogue"]


def __getattr__(name: str) -> Any:
    """Import the heavy parts when they are first used: ``import molgen`` itself takes no time."""
    if name in _LAZY:
        return getattr(import_module(_LAZY[name]), name)
    raise AttributeError(f"module 'molgen' has no attribute {name!r}")
