"""One reading of conditions, from the command line and from Python, and what they make of molecules."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from molgen.constraints.conditions import Conditions, Interval, split_properties
from molgen.errors import UsageError

numbers = st.floats(-1e6, 1e6).map(lambda value: float(f"{value:g}"))


@given(numbers, numbers)
def test_ranges_read_back(first: float, second: float) -> None:
    low, high = sorted((first, second))
    for interval in (Interval(low, high), Interval(low, None), Interval(None, high)):
        assert Interval.of(str(interval), "logP") == interval == Interval.of((interval.low, interval.high), "logP")
    assert low in Interval(low, high) and high in Interval(low, high)
    assert Interval(low, high).clamped(low - 1) == low and Interval(low, high).clamped(high + 1) == high


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("2", Interval(2, 2)),
        (2, Interval(2, 2)),
        ("-1..3", Interval(-1, 3)),
        ("0.7..", Interval(0.7, None)),
        ("..400", Interval(None, 400)),
        ((1, 3), Interval(1, 3)),
        ((None, 3), Interval(None, 3)),
        (Interval(1, 2), Interval(1, 2)),
    ],
)
def test_ranges(value: object, expected: Interval) -> None:
    assert Interval.of(value, "logP") == expected


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ("3..1", r"3\.\.1 of logP is empty"),
        ("..", "logP has no value"),
        ("", "logP has no value"),
        ((None, None), "logP has no value"),
        ("high", "takes a number or a range"),
        ("1..2..3", "takes a number or a range"),
        ((1, 2, 3), "takes a number or a range"),
        ("1..inf", "finite"),
        (float("nan"), "finite"),
    ],
)
def test_what_is_no_range_is_refused(value: object, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        Interval.of(value, "logP")


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        ({"fragment": 3}, "a fragment is a SMILES .* not 3"),
        ({"fragment": ["*C"]}, "a fragment is a SMILES"),
        ({"properties": "logP=1..3"}, "properties are a dictionary"),
        ({"properties": ["logP=1..3"]}, "properties are a dictionary"),
        ({"properties": 3}, "properties are a dictionary"),
        ({"properties": {"QED": (1.2, 1.4)}}, r"no molecule has QED 1\.2\.\.1\.4: its values are 0\.\.1"),
        ({"properties": {"SA": "..0.5"}}, r"its values are 1\.\.10"),
        ({"properties": {"weight": -5}}, r"its values are 0\.\."),
        ({"properties": {"HBD": 1.5}}, "no molecule has HBD 1.5: its values are whole numbers"),
        ({"properties": {"charge": (0.2, 0.8)}}, "whole numbers"),
    ],
)
def test_what_no_molecule_can_have_is_refused(asked: dict[str, Any], message: str) -> None:
    with pytest.raises(UsageError, match=message):
        Conditions.of(**asked)


def test_what_a_model_cannot_be_asked_for_can_be_filtered() -> None:
    asked = Conditions.of("*C", {"logP": (1, 3), "charge": (-1.5, 1.5)})
    assert asked is not None
    with pytest.raises(UsageError, match=r"filtered instead \(contains and keep\)$"):
        asked.check({"atoms"})
    size = Conditions.of(atoms=9)
    assert size is not None
    with pytest.raises(UsageError, match=r"asked for nothing$"):
        size.check(())


def test_nothing_asked_is_no_condition() -> None:
    assert Conditions.of() is None and Conditions.of(properties={}) is None


def test_names_of_properties() -> None:
    conditions = Conditions.of(properties=split_properties(["logp=1..3", "QED = 0.7.."]))
    assert conditions is not None and dict(conditions.properties) == {"logP": Interval(1, 3), "QED": Interval(0.7)}
    with pytest.raises(UsageError, match="no property 'logq'"):
        Conditions.of(properties={"logq": 1})
    with pytest.raises(UsageError, match="logP is asked for twice"):
        Conditions.of(properties={"logP": 1, "LOGP": 2})
    for text in ("logP", "=3", "logP:3"):
        with pytest.raises(UsageError, match="NAME=LOW"):
            split_properties([text])
    with pytest.raises(UsageError, match="twice"):
        split_properties(["logP=1", "logP=2"])


def test_each_condition_is_checked() -> None:
    conditions = Conditions.of("*c1ccccc1", {"HBD": 1, "weight": (None, 125)}, atoms=(8, 9), collection="moses")
    assert conditions is not None and conditions.asked == {"fragment", "HBD", "weight", "atoms", "collection"}
    expected = {"fragment": True, "HBD": True, "weight": True, "atoms": True}
    assert conditions.satisfied("OCCc1ccccc1") == expected
    assert conditions.satisfied("OCc1ccccc1") == expected
    assert conditions.satisfied("OCc1ccccc1C") == {**expected, "fragment": False}
    assert conditions.satisfied("COCc1ccccc1") == {**expected, "HBD": False}
    assert conditions.satisfied("OCCCc1ccccc1") == {**expected, "weight": False, "atoms": False}
    assert not any(conditions.satisfied("?").values())
