"""Properties of encoded molecules, computed when they are first wanted and kept beside the encoded data."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from molgen.datasets.encoded import EncodedDataset
from molgen.system.files import whole_file

_VERSION = 1
"""Raised whenever the definition of a property changes."""


class PropertyValues:
    """Properties of the molecules of a split, by number of the molecule.

    A value is NaN until it has been computed, and infinite if it cannot be. Processes share the values: each may write
    what it has computed, and all would write the same.

    Args:
        dataset: encoded molecules.
        split: which.
        names: of the properties.

    Example:
        >>> import molgen
        >>> from molgen.datasets.splits import SplitConfig
        >>> dataset = molgen.load_dataset(["CCO", "CCC"], split=SplitConfig(validation=0, test=0))
        >>> values = PropertyValues(dataset, "train", ["logP", "QED"])
        >>> values.write(1, [0], [1.4])
        >>> round(float(values.read([1])[0, 0]), 1)
        1.4
    """

    def __init__(self, dataset: EncodedDataset, split: str, names: Sequence[str]) -> None:
        count = sum(dataset.sizes(split).values())
        self._columns = [_column(dataset, f"{split}.properties.{_VERSION}.{name}.npy", count) for name in names]

    def read(self, numbers: NDArray[np.int64] | Sequence[int]) -> NDArray[np.float32]:
        """Values ``(B, P)`` of molecules ``(B,)``."""
        return np.stack([column[numbers] for column in self._columns], axis=-1)

    def write(self, number: int, columns: Sequence[int], values: Sequence[float]) -> None:
        """Keep what has been computed of a molecule.

        Args:
            number: of the molecule.
            columns: indices of the properties.
            values: of these.
        """
        for column, value in zip(columns, values, strict=True):
            self._columns[column][number] = value


def _column(dataset: EncodedDataset, name: str, count: int) -> NDArray[np.float32]:
    """An array on disk; in memory where the cache can only be read."""
    path = dataset.path / name
    if not path.exists():
        with whole_file(path) as temporary:
            np.save(temporary, np.full(count, np.nan, np.float32))
    try:
        column: NDArray[np.float32] = np.load(path, mmap_mode="r+")
    except PermissionError:
        column = np.load(path, mmap_mode="c")
    return column
