"""Columns keep what they are told, however much that is."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from molgen.evaluation import sums
from molgen.evaluation.columns import MeanVector
from molgen.evaluation.distances import mean_discrepancy
from molgen.features.neighbourhoods import SparseVector

ROWS = st.lists(st.dictionaries(st.integers(-5, 5), st.floats(-2, 2), max_size=6), max_size=20)


@settings(deadline=None)  # compiled when it is first called
@given(rows=ROWS, others=ROWS, slots=st.sampled_from([2, 4, 8, 1024]))
def test_the_mean_of_sparse_vectors_does_not_depend_on_how_often_the_table_grows(
    rows: list[dict[int, float]], others: list[dict[int, float]], slots: int
) -> None:
    def mean(vectors: list[dict[int, float]]) -> MeanVector:
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(sums, "_SMALLEST", slots)
            column = MeanVector()
            for vector in vectors:
                column.add(SparseVector(np.array([*vector], np.int64), np.array([*vector.values()], np.float64)))
        return MeanVector.from_arrays(column.arrays())

    def totals(vectors: list[dict[int, float]]) -> Counter[int]:
        found: Counter[int] = Counter()
        for vector in vectors:
            for key, value in vector.items():
                found[key] += value / len(vectors)  # type: ignore[assignment]
        return found

    first, second = mean(rows).mean(), mean(others).mean()
    expected, other = totals(rows), totals(others)
    assert dict(zip(first.keys.tolist(), first.values.tolist(), strict=True)) == pytest.approx(dict(expected))
    distance = sum((expected[key] - other[key]) ** 2 for key in range(-5, 6))
    assert mean_discrepancy(first, second) == pytest.approx(distance, abs=1e-12)
