"""Very many molecules on disk: shards, resuming, deduplication, queries and picking."""

from molgen.library.library import Library

__all__ = ["Library"]
