"""Molecules in the order of their totals."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from molgen.optimisation.ranking import Ranking

STEPS = st.lists(st.lists(st.sampled_from([0.0, 0.25, 0.5, 1.0]), max_size=6), max_size=8)


@given(STEPS)
def test_it_is_the_order_that_sorting_all_gives(steps: list[list[float]]) -> None:
    ranking = Ranking()
    for totals in steps:
        ranking.add(totals)
    everything = np.array([total for totals in steps for total in totals], dtype=float)
    numbers = np.arange(len(everything))
    assert ranking.first.tolist() == np.lexsort((numbers, -everything)).tolist()
    assert ranking.newest.tolist() == np.lexsort((-numbers, -everything)).tolist()
    assert ranking.at_least(0.5) == (everything >= 0.5).sum()
