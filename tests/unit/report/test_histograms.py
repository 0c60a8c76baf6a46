"""Bins hold all values of small sets and all but outliers of large ones."""

from __future__ import annotations

import numpy as np
import pytest

from molgen.report.histograms import bin_edges


@pytest.mark.parametrize("values", [[1.0], [2.0, 2.0], [0.0, 1.0, 50.0]])
def test_nothing_of_a_small_set_is_left_out(values: list[float]) -> None:
    edges = bin_edges([np.array(values), np.array([0.5])])
    assert edges[0] == min(*values, 0.5) and edges[-1] >= max(values)
    assert (np.diff(edges) > 0).all() and len(edges) == 11


def test_outliers_of_a_large_set_are() -> None:
    values = np.append(np.linspace(0, 1, 9_999), 1e6)
    edges = bin_edges([values])
    assert edges[-1] < 1.001 and len(edges) == 61
