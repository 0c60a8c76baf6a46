"""Output to the terminal: tables on stdout, everything else on stderr."""

from __future__ import annotations

import sys
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from rich.console import Console
from rich.markup import escape
from rich.table import Table
from rich.text import Text

from molgen.errors import ConditionWarning, LeftOutWarning


def say(text: str) -> None:
    """Print a line to stderr."""
    print(text, file=sys.stderr, flush=True)


@contextmanager
def said_warnings() -> Iterator[None]:
    """Print warnings about conditions and molecules as one line each, for the length of a block."""
    with warnings.catch_warnings():
        for category in (ConditionWarning, LeftOutWarning):
            warnings.simplefilter("always", category)
        warnings.showwarning = lambda message, *_: say(f"molgen: warning: {message}")
        yield


def print_table(title: str, headers: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Print a table to stdout; plain text where stdout is not a terminal."""
    table = Table(title=escape(title), title_justify="left")  # [nM] is a unit, not markup
    for number, header in enumerate(headers):
        table.add_column(header, justify="left" if number == 0 else "right", overflow="fold")
    for row in rows:
        table.add_row(*(Text(cell) for cell in row))  # text, not markup: [nH] is an atom
    Console(width=None if sys.stdout.isatty() else 120).print(table)
