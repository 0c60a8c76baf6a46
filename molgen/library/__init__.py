"""Molecules on disk."""

from molgen.library.writers import write_molecules

__all__ = ["write_molecules"]
