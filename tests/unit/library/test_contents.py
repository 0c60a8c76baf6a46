"""What became of the attempts is counted, each once."""

from __future__ import annotations

from pathlib import Path

import pytest

from molgen.library import Library
from molgen.library.summary import summary
from molgen.models.generator import Generator
from tests.unit.library.conftest import MODEL


def accounted(counts: dict[str, int]) -> int:
    """Valid attempts of which it is said what became of them."""
    once = counts.keys() - {"attempted", "valid", "failed_fragment", "failed_atoms"}
    return sum(counts[name] for name in once)


def test_every_valid_attempt_is_counted(library: Library) -> None:
    counts = library.counts()
    assert counts["kept"] == len(library) == 150 and counts["attempted"] == 192
    drawn = Generator.from_pretrained(MODEL).generate(150, seed=5, max_attempts=192, progress=False).attempted
    assert counts["not_needed"] > 0 and drawn <= 192 and accounted(counts) == counts["valid"]
    shown = dict(summary(library))
    assert shown["not_needed"] == str(counts["not_needed"])
    assert shown["yield of attempts"] == f"{(150 + counts['not_needed']) / 192:.1%}"


@pytest.mark.slow
def test_what_is_not_as_asked_counts_once(tmp_path: Path) -> None:
    made = Library(tmp_path / "lib").build(
        3,
        model="drugs-graph",
        properties={"logP": "2..3", "TPSA": "50..70"},
        without=("[#9]", "[#9]"),
        shard_attempts=48,
        jobs=1,
        progress=False,
    )
    counts = made.counts()
    failed = [counts.pop(name) for name in ("failed_logP", "failed_TPSA")]
    assert max(failed) <= counts["not_as_asked"] < sum(failed)
    assert counts["failed_without=[#9]"] > 0 and accounted(counts) == counts["valid"] > counts["kept"] == 3
