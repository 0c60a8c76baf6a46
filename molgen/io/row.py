"""What a file holds at one place."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple

Problem = tuple[str, str]
"""Reason, one word, and a message of one line."""


class Row(NamedTuple):
    """One line of a text, or one record.

    Attributes:
        number: of the line or record, from 1.
        smiles: found there, not checked; empty where there is a problem.
        problem: why there is no SMILES, where the format itself says so.
        values: text of all columns by name, where a reader was asked for them; ``id`` is the name behind a SMILES in a
            ``.smi`` and the title of a record.
    """

    number: int
    smiles: str
    problem: Problem | None = None
    values: Mapping[str, str] = MappingProxyType({})


log = logging.getLogger("molgen.io")
"""Notes on how a file is read, such as a missing header."""
