"""How terms become one number."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from molgen.scoring.combination import combined

TERMS = st.lists(st.tuples(st.floats(0, 1), st.floats(0.1, 10)), min_size=1, max_size=5)


@given(TERMS, st.floats(1, 100))
@pytest.mark.parametrize("how", ("mean", "geometric"))
def test_weights_count_beside_each_other_alone(how: str, terms: list[tuple[float, float]], factor: float) -> None:
    values, weights = np.array([[value] for value, _ in terms]), np.array([weight for _, weight in terms])
    found = combined(how, values, list(weights))  # type: ignore[arg-type]
    assert combined(how, values, list(weights * factor)) == pytest.approx(found, rel=1e-9)  # type: ignore[arg-type]


def test_large_weights_leave_a_small_total() -> None:
    assert combined("geometric", np.array([[1e-6], [1e-4]]), [60, 40])[0] == pytest.approx(10**-5.2)
