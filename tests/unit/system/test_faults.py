from __future__ import annotations

from typing import Annotated, Any, Literal

import pytest
from pydantic import BaseModel, Field, ValidationError

from molgen.system.faults import choices, first_fault


class Circle(BaseModel, extra="forbid"):
    type: Literal["circle"]
    radius: float = Field(gt=0)


class Square(BaseModel, extra="forbid"):
    type: Literal["square", "box"]
    side: int = Field(alias="length")
    name: str = ""


class Drawing(BaseModel, extra="forbid"):
    shapes: tuple[Annotated[Circle | Square, Field(discriminator="type")], ...]
    title: str = ""
    sizes: list[int] = []
    frame: Circle | None = None


CIRCLE = {"type": "circle", "radius": 1}


@pytest.mark.parametrize(
    ("given", "line"),
    (
        (
            {"shape": [], "sizes": "a"},
            "there is no setting 'shape'; did you mean shapes? There are shapes, title, sizes, f",
        ),
        ({}, "the setting shapes is missing"),
        ({"shapes": [], "title": 3}, "title must be a text, not 3"),
        ({"shapes": 3}, "shapes must be a list, not 3"),
        ({"shapes": [3]}, "shape 1 must be a table, not 3"),
        ({"shapes": [CIRCLE, {}]}, "shape 2: its type is missing; there are circle, square, box"),
        (
            {"shapes": [CIRCLE, {"type": "Box"}]},
            "shape 2: there is no type 'Box'; did you mean box? There are circle, squ",
        ),
        (
            {"shapes": [{"type": "box", "lenth": 1}]},
            "shape 1 (box): there is no setting 'lenth'; did you mean length? Th",
        ),
        ({"shapes": [{"type": "box", "name": "b"}]}, "shape 1 (b, box): the setting length is missing"),
        ({"shapes": [{**CIRCLE, "radius": 0}]}, "shape 1 (circle): radius must be greater than 0, not 0"),
        ({"shapes": [], "sizes": [1, 2.5]}, "size 2 must be a whole number, not 2.5"),
        ({"shapes": [], "frame": {**CIRCLE, "x": 1}}, "frame: there is no setting 'x'; there are type, radius"),
        ({"shapes": "x" * 99}, "shapes must be a list, not '" + "x" * 56 + "..."),
    ),
)
def test_a_fault_is_one_line_that_says_where_and_what_there_is(given: dict[str, Any], line: str) -> None:
    with pytest.raises(ValidationError) as found:
        Drawing.model_validate(given)
    assert first_fault(found.value, Drawing, given).startswith(line)


def test_names_are_compared_whatever_their_case() -> None:
    assert choices("LOGP", ["logP", "QED"]) == "; did you mean logP? There are logP, QED"
