"""Sets of strings kept as hashes: a few bytes each, for sets that ship with the package."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from hashlib import blake2b

import numpy as np
from numpy.typing import NDArray

_BYTES = 5


class HashedStrings:
    """A set that can be asked whether it has a string.

    It keeps 40 bits of BLAKE2 of each, so among half a million strings one question in two million is wrongly
    answered with yes; never one with no.

    Args:
        differences: of the sorted hashes, as `differences` makes them.

    Example:
        >>> "CCO" in HashedStrings(differences(["CCO", "CC"])), "CCN" in HashedStrings(differences(["CCO", "CC"]))
        (True, False)
    """

    def __init__(self, differences: NDArray[np.generic]) -> None:
        self._hashes = np.cumsum(differences, dtype=np.int64)

    def __len__(self) -> int:
        return len(self._hashes)

    def __contains__(self, text: object) -> bool:
        if not isinstance(text, str):
            return False
        wanted = _hash(text)
        at = int(np.searchsorted(self._hashes, wanted))
        return at < len(self._hashes) and int(self._hashes[at]) == wanted


def differences(strings: Iterable[str]) -> NDArray[np.int64]:
    """Sorted hashes of strings as differences, which compress."""
    hashes = np.array([0, *sorted({_hash(text) for text in strings})], dtype=np.int64)
    return hashes[1:] - hashes[:-1]


def _hash(text: str) -> int:
    return int.from_bytes(blake2b(text.encode(), digest_size=_BYTES).digest())


def digest_of(smiles: Sequence[str]) -> str:
    """What identifies a split: a hash of its SMILES in their order."""
    return hashlib.sha256("\n".join(smiles).encode()).hexdigest()[:32]
