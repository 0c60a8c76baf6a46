"""The files that PyG writes for each operator into the temporary folder and leaves there."""

from __future__ import annotations

import sys
import tempfile
from contextlib import suppress
from pathlib import Path

_ENDINGS = ("_propagate", "_edge_updater")


def delete_templates() -> None:
    """Delete the source files of operators that have been made: PyG has loaded them and does not read them again."""
    folder = Path(tempfile.gettempdir())
    for name, module in list(sys.modules.items()):
        if name.endswith(_ENDINGS):
            file = Path(getattr(module, "__file__", None) or folder)
            if file.parent == folder and file.name.startswith(name):
                with suppress(OSError):
                    file.unlink(missing_ok=True)
