"""Features of many molecules as columns: one per feature, each a few arrays."""

from __future__ import annotations

from array import array
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from molgen.evaluation.sums import SparseSums
from molgen.features import FEATURES
from molgen.features.neighbourhoods import SparseVector
from molgen.system.files import whole_file


class Numbers:
    """One float64 per row."""

    def __init__(self) -> None:
        self._values = array("d")

    def add(self, value: float) -> None:
        """Append a row."""
        self._values.append(value)

    @property
    def values(self) -> NDArray[np.float64]:
        """``(n,)``."""
        return np.frombuffer(self._values, dtype=np.float64) if self._values else np.zeros(0)

    def arrays(self) -> dict[str, NDArray[Any]]:
        """Arrays for storage."""
        return {"values": self.values}

    @classmethod
    def from_arrays(cls, arrays: dict[str, NDArray[Any]]) -> Numbers:
        """The column from stored arrays."""
        column = cls()
        column._values.frombytes(np.ascontiguousarray(arrays["values"], dtype=np.float64).tobytes())
        return column


class Bits:
    """One fingerprint of a fixed number of bits per row."""

    def __init__(self) -> None:
        self._bytes, self._width = bytearray(), 0

    def add(self, value: bytes) -> None:
        """Append a row."""
        self._bytes += value
        self._width = len(value)

    @property
    def words(self) -> NDArray[np.uint64]:
        """``(n, bits / 64)``."""
        if not self._bytes:
            return np.zeros((0, 1), dtype=np.uint64)
        return np.frombuffer(self._bytes, dtype=np.uint64).reshape(-1, self._width // 8)

    def arrays(self) -> dict[str, NDArray[Any]]:
        """Arrays for storage."""
        return {"words": self.words}

    @classmethod
    def from_arrays(cls, arrays: dict[str, NDArray[Any]]) -> Bits:
        """The column from stored arrays."""
        column, words = cls(), np.ascontiguousarray(arrays["words"], dtype=np.uint64)
        column._bytes, column._width = bytearray(words.tobytes()), 8 * words.shape[1]
        return column


class Words:
    """Any number of strings per row, each distinct string kept once."""

    def __init__(self) -> None:
        self._index: dict[str, int] = {}
        self._ids, self._ends = array("q"), array("q")

    def add(self, value: Sequence[str]) -> None:
        """Append a row."""
        for word in value:
            self._ids.append(self._index.setdefault(word, len(self._index)))
        self._ends.append(len(self._ids))

    @property
    def names(self) -> list[str]:
        """The distinct strings."""
        return list(self._index)

    @property
    def ids(self) -> NDArray[np.int64]:
        """Positions in `names` of all strings, row after row, ``(m,)``."""
        return np.frombuffer(self._ids, dtype=np.int64) if self._ids else np.zeros(0, dtype=np.int64)

    @property
    def rows(self) -> NDArray[np.int64]:
        """The row of each of `ids`, ``(m,)``."""
        ends = np.frombuffer(self._ends, dtype=np.int64) if self._ends else np.zeros(0, dtype=np.int64)
        return np.repeat(np.arange(len(ends)), np.diff(ends, prepend=0))

    def __len__(self) -> int:
        return len(self._ends)

    def counts(self, mask: NDArray[np.bool_] | None = None) -> Counter[str]:
        """How often each string occurs, in all rows or in those of `mask` ``(n,)``."""
        ids = self.ids if mask is None else self.ids[mask[self.rows]]
        totals = np.bincount(ids, minlength=len(self._index))
        return Counter({name: int(total) for name, total in zip(self._index, totals, strict=True) if total})

    def __iter__(self) -> Iterator[list[str]]:
        """The strings of each row."""
        names, start = self.names, 0
        for end in self._ends:
            yield [names[i] for i in self._ids[start:end]]
            start = end

    def singles(self) -> list[str]:
        """The strings, row after row, of a column with at most one string per row."""
        names = self.names
        return [names[i] for i in self.ids.tolist()]

    def arrays(self) -> dict[str, NDArray[Any]]:
        """Arrays for storage."""
        text = "\n".join(self._index).encode()
        ends = np.frombuffer(self._ends, dtype=np.int64) if self._ends else np.zeros(0, dtype=np.int64)
        return {"text": np.frombuffer(text, dtype=np.uint8), "ids": self.ids, "ends": ends}

    @classmethod
    def from_arrays(cls, arrays: dict[str, NDArray[Any]]) -> Words:
        """The column from stored arrays."""
        column = cls()
        text = arrays["text"].tobytes().decode()
        column._index = {name: i for i, name in enumerate(text.split("\n") if text else [])}
        column._ids.frombytes(np.ascontiguousarray(arrays["ids"], dtype=np.int64).tobytes())
        column._ends.frombytes(np.ascontiguousarray(arrays["ends"], dtype=np.int64).tobytes())
        return column


class MeanVector:
    """The mean of one sparse vector per row; the rows are not kept, since together they are too large."""

    def __init__(self) -> None:
        self._sums, self._rows = SparseSums(), 0

    def add(self, value: SparseVector) -> None:
        """Append a row."""
        self._sums.add(value)
        self._rows += 1

    def mean(self) -> SparseVector:
        """The mean of the rows; its keys ascend."""
        keys, sums = self._sums.vector()
        return SparseVector(keys, sums / max(self._rows, 1))

    def arrays(self) -> dict[str, NDArray[Any]]:
        """Arrays for storage."""
        keys, sums = self._sums.vector()
        return {"keys": keys, "sums": sums, "rows": np.array(self._rows)}

    @classmethod
    def from_arrays(cls, arrays: dict[str, NDArray[Any]]) -> MeanVector:
        """The column from stored arrays."""
        column = cls()
        column._sums = SparseSums.of(SparseVector(arrays["keys"], arrays["sums"]))
        column._rows = int(arrays["rows"])
        return column


def find_keys(keys: NDArray[np.int64], wanted: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """Where keys are, or would be, among ascending ones, and whether they are there.

    Example:
        >>> find_keys(np.array([2, 5]), np.array([1, 5, 9]))
        (array([0, 1, 2]), array([False,  True, False]))
    """
    at = np.searchsorted(keys, wanted)
    known = np.zeros(len(wanted), np.bool_)
    inside = at < len(keys)
    known[inside] = keys[at[inside]] == wanted[inside]
    return at, known


Column = Numbers | Bits | Words | MeanVector

_COLUMN_TYPES: dict[str, type[Column]] = {"number": Numbers, "bits": Bits, "words": Words, "vector": MeanVector}


def column_for(feature: str) -> Column:
    """An empty column for a feature."""
    return _COLUMN_TYPES[FEATURES[feature].column_type]()


def save_column(column: Column, path: Path) -> None:
    """Write a column as ``.npz``."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with whole_file(path) as temporary, temporary.open("wb") as stream:
        np.savez(stream, allow_pickle=False, **column.arrays())


def load_column(feature: str, path: Path) -> Column | None:
    """Read a column back; None if there is none or it is damaged."""
    try:
        with np.load(path, allow_pickle=False) as stored:
            return _COLUMN_TYPES[FEATURES[feature].column_type].from_arrays(dict(stored))
    except (OSError, ValueError, KeyError, EOFError):
        return None
