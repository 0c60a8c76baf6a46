"""New molecules by discrete diffusion."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

if TYPE_CHECKING:
    from molgen.comparison import compare
    from molgen.datasets import load_dataset
    from molgen.dialogue.loading import load_dialogue
    from molgen.evaluation import evaluate
    from molgen.library import Library
    from molgen.models.generator import load
    from molgen.report import draw_grid as draw
    from molgen.training.finetune import fine_tune
    from molgen.training.train import train

_LAZY = {
    "Library": ("molgen.library", "Library"),
    "compare": ("molgen.comparison", "compare"),
    "draw": ("molgen.report", "draw_grid"),
    "evaluate": ("molgen.evaluation", "evaluate"),
    "fine_tune": ("molgen.training.finetune", "fine_tune"),
    "load": ("molgen.models.generator", "load"),
    "load_dataset": ("molgen.datasets", "load_dataset"),
    "load_dialogue": ("molgen.dialogue.loading", "load_dialogue"),
    "train": ("molgen.training.train", "train"),
}

__all__ = [
    "Library",
    "__version__",
    "compare",
    "draw",
    "evaluate",
    "fine_tune",
    "load",
    "load_dataset",
    "load_dialogue",
    "train",
]


def __dir__() -> list[str]:
    return __all__


def __getattr__(name: str) -> Any:
    """Import the heavy parts when they are first used: ``import molgen`` itself takes no time."""
    if name in _LAZY:
        module, attribute = _LAZY[name]
        return getattr(import_module(module), attribute)
    raise AttributeError(f"module 'molgen' has no attribute {name!r}")
