from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from molgen.scoring.shapes import Above, AnyShape, Below, Clip, Gaussian, Range, Shape, Step

SHAPES = (
    Clip(),
    Range(low=-1, high=2, width=0.5),
    Range(low=0, high=0),
    Above(value=1, width=2),
    Below(value=1),
    Gaussian(mean=1, deviation=2),
    Gaussian(mean=1, deviation=2, flat="above"),
    Step(value=0.3),
    Step(value=0.3, side="below"),
)


@pytest.mark.parametrize("shape", SHAPES, ids=str)
@given(st.floats(-1e9, 1e9))
def test_every_shape_maps_to_the_unit_interval_and_keeps_what_is_missing(shape: Shape, x: float) -> None:
    found = shape(np.array([x, np.nan]))
    assert 0 <= found[0] <= 1 and np.isnan(found[1])


@pytest.mark.parametrize(("shape", "falls"), ((Above(value=1, width=2), -1.0), (Below(value=1, width=2), 1.0)))
def test_one_sided_shapes_fall_in_a_straight_line_on_the_other_side(shape: Shape, falls: float) -> None:
    beyond = np.array([-9.0, 0.0, 0.5, 1.0, 2.0, 9.0])
    np.testing.assert_allclose(shape(1 + falls * beyond), [1, 1, 0.75, 0.5, 0, 0])


def test_a_gaussian_with_a_flat_side_is_one_there() -> None:
    above = Gaussian(mean=2, deviation=1, flat="above")
    np.testing.assert_allclose(above(np.array([1.0, 2.0, 9.0])), [np.exp(-0.5), 1, 1])


@pytest.mark.parametrize(
    "settings",
    (
        {"type": "range", "low": 2, "high": 1},
        {"type": "gaussian", "mean": 0, "deviation": 0},
        {"type": "above", "value": "nan"},
        {"type": "above", "value": 1, "widht": 2},
        {"type": "bell"},
    ),
    ids=str,
)
def test_shapes_that_are_none_are_refused(settings: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        TypeAdapter(AnyShape).validate_python(settings)
