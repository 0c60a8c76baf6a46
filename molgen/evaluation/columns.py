"""Features of many molecules, kept small: one column per feature, each a few arrays."""

from __future__ import annotations

from array import array
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from molgen.evaluation.features import FEATURES
from molgen.files import whole_file


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
        """For storage."""
        return {"values": self.values}

    @classmethod
    def from_arrays(cls, arrays: dict[str, NDArray[Any]]) -> Numbers:
        """Out of storage."""
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
        """For storage."""
        return {"words": self.words}

    @classmethod
    def from_arrays(cls, arrays: dict[str, NDArray[Any]]) -> Bits:
        """Out of storage."""
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
        """Positions in `names`, row after row."""
        return np.frombuffer(self._ids, dtype=np.int64) if self._ids else np.zeros(0, dtype=np.int64)

    @property
    def rows(self) -> NDArray[np.int64]:
        """The row of each of `ids`."""
        ends = np.frombuffer(self._ends, dtype=np.int64) if self._ends else np.zeros(0, dtype=np.int64)
        return np.repeat(np.arange(len(ends)), np.diff(ends, prepend=0))

    def __len__(self) -> int:
        return len(self._ends)

    def counts(self, mask: NDArray[np.bool_] | None = None) -> Counter[str]:
        """How often each string occurs, in the rows of `mask`."""
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
        """The strings themselves, row after row, where no row has more than one."""
        names = self.names
        return [names[i] for i in self.ids.tolist()]

    def arrays(self) -> dict[str, NDArray[Any]]:
        """For storage."""
        text = "\n".join(self._index).encode()
        ends = np.frombuffer(self._ends, dtype=np.int64) if self._ends else np.zeros(0, dtype=np.int64)
        return {"text": np.frombuffer(text, dtype=np.uint8), "ids": self.ids, "ends": ends}

    @classmethod
    def from_arrays(cls, arrays: dict[str, NDArray[Any]]) -> Words:
        """Out of storage."""
        column = cls()
        text = arrays["text"].tobytes().decode()
        column._index = {name: i for i, name in enumerate(text.split("\n") if text else [])}
        column._ids.frombytes(np.ascontiguousarray(arrays["ids"], dtype=np.int64).tobytes())
        column._ends.frombytes(np.ascontiguousarray(arrays["ends"], dtype=np.int64).tobytes())
        return column


class Vectors:
    """One sparse vector per row."""

    def __init__(self) -> None:
        self._keys, self._values, self._ends = array("q"), array("d"), array("q")

    def add(self, value: dict[int, float]) -> None:
        """Append a row."""
        self._keys.extend(value)
        self._values.extend(value.values())
        self._ends.append(len(self._keys))

    def mean(self, mask: NDArray[np.bool_] | None = None) -> dict[int, float]:
        """Mean of the rows of `mask`: key -> value."""
        ends = np.frombuffer(self._ends, dtype=np.int64)
        rows = np.repeat(np.arange(len(ends)), np.diff(ends, prepend=0))
        keys, values = np.frombuffer(self._keys, dtype=np.int64), np.frombuffer(self._values, dtype=np.float64)
        kept = slice(None) if mask is None else mask[rows]
        distinct, inverse = np.unique(keys[kept], return_inverse=True)
        count = len(ends) if mask is None else int(mask.sum())
        sums = np.bincount(inverse, weights=values[kept]) / max(count, 1)
        return dict(zip(distinct.tolist(), sums.tolist(), strict=True))

    def arrays(self) -> dict[str, NDArray[Any]]:
        """For storage."""
        return {
            "keys": np.array(self._keys, dtype=np.int64),
            "values": np.array(self._values, dtype=np.float64),
            "ends": np.array(self._ends, dtype=np.int64),
        }

    @classmethod
    def from_arrays(cls, arrays: dict[str, NDArray[Any]]) -> Vectors:
        """Out of storage."""
        column = cls()
        column._keys.frombytes(arrays["keys"].tobytes())
        column._values.frombytes(arrays["values"].tobytes())
        column._ends.frombytes(arrays["ends"].tobytes())
        return column


Column = Numbers | Bits | Words | Vectors

_KINDS: dict[str, type[Column]] = {"number": Numbers, "bits": Bits, "words": Words, "vector": Vectors}


def column_for(feature: str) -> Column:
    """An empty column for a feature."""
    return _KINDS[FEATURES[feature].kind]()


def save_column(column: Column, path: Path) -> None:
    """Write a column as ``.npz``."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with whole_file(path) as temporary, temporary.open("wb") as stream:
        np.savez(stream, allow_pickle=False, **column.arrays())


def load_column(feature: str, path: Path) -> Column | None:
    """Read a column back; None if there is none or it is damaged."""
    try:
        with np.load(path, allow_pickle=False) as stored:
            return _KINDS[FEATURES[feature].kind].from_arrays(dict(stored))
    except (OSError, ValueError, KeyError, EOFError):
        return None
