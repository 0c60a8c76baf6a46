"""Which molecules have come before, in bounded memory."""

from __future__ import annotations

import sqlite3
from typing import Protocol

_CACHE = 32_000
"""KiB of memory; what needs more is in a temporary file."""


class Seen(Protocol):
    """A growing set of SMILES."""

    def __contains__(self, smiles: object) -> bool: ...
    def add(self, smiles: str) -> None:
        """Take one in."""


class SeenOnDisk:
    """A growing set of texts in a temporary database of SQLite, which goes away with it.

    Example:
        >>> seen = SeenOnDisk()
        >>> seen.add("CCO")
        >>> "CCO" in seen, "CCN" in seen
        (True, False)
    """

    def __init__(self) -> None:
        self._database = sqlite3.connect("", isolation_level=None, check_same_thread=False)
        self._database.execute(f"PRAGMA cache_size = -{_CACHE}")
        self._database.execute("PRAGMA journal_mode = OFF")
        self._database.execute("CREATE TABLE seen (smiles TEXT PRIMARY KEY) WITHOUT ROWID")

    def __contains__(self, smiles: object) -> bool:
        return bool(self._database.execute("SELECT 1 FROM seen WHERE smiles = ?", (smiles,)).fetchone())

    def add(self, smiles: str) -> None:
        """Take one in."""
        self._database.execute("INSERT OR IGNORE INTO seen VALUES (?)", (smiles,))
