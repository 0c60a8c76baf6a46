"""Templates say fragments: whatever stands for their stars, the molecule contains the fragment."""

from __future__ import annotations

import pytest

from molgen.constraints.fragment import parse_fragment
from molgen.constraints.texts import fragment_template
from molgen.errors import UsageError
from tests.unit.constraints.test_fragment import DRUGS

FRAGMENTS = [row[task] for row in DRUGS for task in ("linker_design", "motif_extension", "superstructure_generation")]


@pytest.mark.parametrize("text", [*FRAGMENTS, "*N1CCN(*)CC1", "*=C1CC1", "*c1ccncc1", "C", "*C"])
def test_filled_templates_contain_the_fragment(text: str) -> None:
    fragment = parse_fragment(text)
    filled = fragment_template(fragment, continuing=False).replace("*", "CC" if "*=" not in text else "C")
    assert fragment.contained_in(filled), filled


@pytest.mark.parametrize("text", ["*C1CC1", "[1*]c1ccncc1", "C1CC1"])
def test_templates_to_be_continued_end_with_the_star(text: str) -> None:
    template = fragment_template(parse_fragment(text), continuing=True)
    assert template.index("*") == len(template) - 1


@pytest.mark.parametrize(
    ("text", "continuing"),
    [("*N1CCN(*)CC1", True), ("*C.*C", True), ("*N1CCC(*)(*)C1", False), ("C.*C", False), ("*C.*C.*C", False)],
)
def test_what_no_template_says_is_refused(text: str, continuing: bool) -> None:
    with pytest.raises(UsageError, match="use a graph model"):
        fragment_template(parse_fragment(text), continuing)
