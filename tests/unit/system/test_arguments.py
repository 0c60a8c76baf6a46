"""Whole numbers are those of Python and of numpy, and nothing else."""

from __future__ import annotations

import numpy as np
import pytest

from molgen.errors import UsageError
from molgen.system.arguments import whole


@pytest.mark.parametrize("value", [5, np.int64(5), np.uint8(5), np.array(5)])
def test_whole_numbers(value: object) -> None:
    found = whole(value, "n", least=5)
    assert found == 5 and type(found) is int


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (5.0, "n must be a whole number, got 5.0"),
        ("5", "n must be a whole number, got '5'"),
        (None, "n must be a whole number, got None"),
        (np.int64(4), "n must be at least 5, got 4"),
    ],
)
def test_others_are_refused(value: object, said: str) -> None:
    with pytest.raises(UsageError) as caught:
        whole(value, "n", least=5)
    assert str(caught.value) == said
