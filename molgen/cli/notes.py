"""What the package logs, such as how a file is read, as lines on stderr."""

from __future__ import annotations

import logging
import sys


class _Notes(logging.Handler):
    def emit(self, record: logging.LogRecord) -> None:
        print(f"molgen: note: {record.getMessage()}", file=sys.stderr, flush=True)


def print_notes() -> None:
    """From now on, print what is logged, one line each; calling it again changes nothing."""
    logging.getLogger("molgen").handlers = [_Notes()]
