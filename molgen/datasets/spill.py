"""Encoded molecules kept on disk while the vocabulary and the splits of their set are not known yet."""

from __future__ import annotations

from array import array
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from molgen.datasets.encoding import Encoded

_BUFFER = 1 << 18


class Spill:
    """Molecules by size, in order, in files that are written to the end; in memory some tens of bytes per molecule.

    Args:
        folder: empty.

    Attributes:
        tokens: number of each atom token that has occurred.
        splits: official split of each molecule, or None.
        collections: collection of each molecule, or None.
        lines: line of each molecule in its source.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.tokens: dict[str, int] = {}
        self.splits: list[str | None] = []
        self.collections: list[str | None] = []
        self.lines = array("q")
        self._sizes = array("H")
        self._buffers: dict[Path, bytearray] = {}

    def __len__(self) -> int:
        return len(self.lines)

    def append(self, molecule: Encoded) -> None:
        """Add one molecule."""
        size = len(molecule.tokens)
        numbers = [self.tokens.setdefault(token, len(self.tokens)) for token in molecule.tokens]
        self._write(self._path(size), array("H", numbers).tobytes() + molecule.bonds)
        self._write(self.folder / "smiles", molecule.smiles.encode() + b"\n")
        self._sizes.append(size)
        self.lines.append(molecule.line)
        self.splits.append(molecule.split)
        self.collections.append(molecule.collection)

    def flush(self) -> None:
        """Write what is still in memory. To be called before reading."""
        for path, buffer in self._buffers.items():
            with path.open("ab") as stream:
                stream.write(buffer)
            buffer.clear()

    def groups(self) -> Iterator[tuple[NDArray[np.int64], NDArray[np.uint16], NDArray[np.uint8]]]:
        """For each size the numbers of the molecules ``(m,)``, their atoms ``(m, n)`` and their bonds."""
        sizes = np.frombuffer(self._sizes, dtype=np.uint16)
        for size in np.unique(sizes).tolist():
            row = np.dtype([("atoms", "u2", (size,)), ("bonds", "u1", (size * (size - 1) // 2,))])
            rows: NDArray[Any] = np.memmap(self._path(size), dtype=row, mode="r")
            yield np.flatnonzero(sizes == size), rows["atoms"], rows["bonds"]

    def smiles(self) -> Iterator[str]:
        """Canonical SMILES of the molecules, in order."""
        with (self.folder / "smiles").open() as stream:
            for line in stream:
                yield line.rstrip("\n")

    def _path(self, size: int) -> Path:
        return self.folder / str(size)

    def _write(self, path: Path, content: bytes) -> None:
        buffer = self._buffers.setdefault(path, bytearray())
        buffer += content
        if len(buffer) > _BUFFER:
            with path.open("ab") as stream:
                stream.write(buffer)
            buffer.clear()
