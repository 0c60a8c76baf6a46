"""Where molecules go as they are made: files, or else stdout."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

if TYPE_CHECKING:
    from molgen.models.results import Attempts, Generated


class Output:
    """Writes molecules part by part. Files are there when the block ends without error.

    Args:
        paths: of files; none for stdout.
        overwrite: existing files.
        properties: write columns of properties too.

    Attributes:
        written: molecules.
    """

    def __init__(self, paths: Sequence[Path], overwrite: bool, properties: bool) -> None:
        self._paths, self._overwrite, self._properties = paths, overwrite, properties
        self._stack = ExitStack()
        self._writers: list[tuple[bool, Callable[[Sequence[str], Mapping[str, Sequence[Any]]], None]]] = []
        self._columns: list[str] = []
        self.written = 0

    def __enter__(self) -> Self:
        from molgen.io import holds_columns, molecule_writer

        for path in self._paths:
            writer = self._stack.enter_context(molecule_writer(path, self._overwrite))
            self._writers.append((holds_columns(path), writer))
        return self

    def __exit__(self, *error: Any) -> None:
        self._stack.__exit__(*error)

    def __call__(self, part: Attempts | Generated) -> None:
        """Write a part.

        Raises:
            KeyboardInterrupt: while properties were computed; the part is then written without them.
        """
        stopped = False
        try:
            table = part.table(self._properties)
        except KeyboardInterrupt:
            table, stopped = part.table(), True
            table |= {name: [None] * len(part) for name in self._columns if name not in table}
        self._columns = list(table)
        columns = {name: values for name, values in table.items() if name != "smiles"}
        for with_columns, write in self._writers:
            write(part.smiles, columns if with_columns else {})
        if not self._writers:
            sys.stdout.writelines(f"{text}\n" for text in part)
            sys.stdout.flush()
        self.written += len(part)
        if stopped:
            raise KeyboardInterrupt
