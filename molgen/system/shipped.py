"""Files that ship with the package: small data and trained models."""

from __future__ import annotations

from pathlib import Path

DEFAULT_MODEL = "drugs-graph"
"""Name of the shipped model that is used where none is named."""


def shipped_path(*parts: str) -> Path:
    """A path inside the package's ``data`` folder, installed (``molgen/data``) or in a checkout (``data``)."""
    package = Path(__file__).parents[1]
    installed = package / "data"
    return (installed if installed.is_dir() else package.parent / "data").joinpath(*parts)
