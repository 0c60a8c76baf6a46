"""A set on disk is a set."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from molgen.models.seen import SeenOnDisk


@settings(max_examples=30)
@given(st.lists(st.text(alphabet="CNO()=1é", max_size=6)))
def test_it_holds_what_was_taken_in(texts: list[str]) -> None:
    seen, expected = SeenOnDisk(), set[str]()
    for text in texts:
        assert (text in seen) == (text in expected)
        seen.add(text)
        expected.add(text)
    assert all(text in seen for text in texts) and "N#N" not in seen
