"""Bytes and text of a file: gzip, encodings, standard input."""

from __future__ import annotations

import atexit
import codecs
import gzip
import io
import os
import secrets
import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import IO, cast

STANDARD_INPUT = Path("-")

MAX_LINE = 1_000_000
"""Characters of a line; what is longer is cut, so that memory stays bounded."""

_MARKS = {
    codecs.BOM_UTF32_LE: "utf-32",
    codecs.BOM_UTF32_BE: "utf-32",
    codecs.BOM_UTF16_LE: "utf-16",
    codecs.BOM_UTF16_BE: "utf-16",
}


def local(path: Path) -> Path:
    """The path itself; for ``-`` a temporary file with all of standard input, which is copied there once."""
    return _standard_input() if path == STANDARD_INPUT else path


@cache
def _standard_input() -> Path:
    path = Path(tempfile.gettempdir()) / f"molgen.{secrets.token_hex(4)}.smi"
    atexit.register(path.unlink, missing_ok=True)  # before it is there: a signal may end the copying
    with open(path, "xb", opener=_private) as copy:
        shutil.copyfileobj(sys.stdin.buffer, copy)
    return path


def _private(path: str, flags: int) -> int:
    """Open a file that other users cannot read; the folder is theirs too."""
    return os.open(path, flags, 0o600)


def open_bytes(path: Path) -> IO[bytes]:
    """The content of a file, unpacked where its name ends in ``.gz``."""
    if path.name.lower().endswith(".gz"):
        return cast(IO[bytes], gzip.open(path, "rb"))
    return path.open("rb")


@contextmanager
def open_text(path: Path) -> Iterator[io.TextIOWrapper]:
    """The text of a file: UTF-8, or UTF-16 and UTF-32 where a byte-order mark says so.

    A byte that does not belong to the encoding becomes U+FFFD: a value in another encoding does not end a file, and a
    SMILES with such a byte is refused by name.
    """
    with open_bytes(path) as stream:
        head = stream.read(4)
        stream.seek(0)
        encoding = next((name for mark, name in _MARKS.items() if head.startswith(mark)), "utf-8-sig")
        with io.TextIOWrapper(stream, encoding=encoding, errors="replace", newline=None) as text:
            yield text


def lines(text: io.TextIOWrapper) -> Iterator[str]:
    """Lines with their ends; of a line longer than `MAX_LINE` the beginning, so that it counts as one line."""
    while line := text.readline(MAX_LINE):
        yield line
        while len(line) == MAX_LINE and not line.endswith("\n"):
            line = text.readline(MAX_LINE)
