from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from molgen.optimisation.sources import SOURCES, Source, Sources

tallies = st.dictionaries(
    st.sampled_from(SOURCES), st.integers(0, 60).flatmap(lambda n: st.tuples(st.just(n), st.integers(0, n)))
)


@given(
    st.lists(tallies, max_size=20),
    st.integers(50, 400),
    st.sets(st.sampled_from(SOURCES), min_size=1),
    st.integers(0, 99),
)
def test_counts_are_of_the_sources_asked_for_and_sum_to_the_total(
    steps: list[dict[Source, tuple[int, int]]], total: int, asked: set[Source], seed: int
) -> None:
    sources, among = Sources(), sorted(asked, key=SOURCES.index)
    for step in steps:
        sources.count(step)
    counts = sources.counts(total, among, np.random.default_rng(seed))
    assert list(counts) == among and sum(counts.values()) == total
    assert min(counts.values()) >= int(0.02 * total)


def test_on_average_a_source_has_its_share_however_small() -> None:
    sources, draw = Sources(), np.random.default_rng(0)
    sources.count({"mutated": (940, 940), "new": (990, 0), "regrown": (990, 0), "crossed": (990, 0)})
    drawn = [sources.counts(16, SOURCES, draw) for _ in range(2000)]
    means = {one: np.mean([counts[one] for counts in drawn]) for one in SOURCES}
    usual = 941 / 3920
    rate, none = (940 + 10 * usual) / 950, 10 * usual / 1000
    for one in SOURCES:
        share = 0.02 + 0.92 * (rate if one == "mutated" else none) / (rate + 3 * none)
        assert abs(means[one] - 16 * share) < 0.06
    assert max(means[one] for one in SOURCES if one != "mutated") < 0.5


def test_what_makes_good_molecules_makes_more_and_what_stops_makes_fewer_again() -> None:
    sources = Sources()
    draw = np.random.default_rng(0)
    assert set(sources.counts(64, SOURCES, draw).values()) == {16}
    for _ in range(5):
        sources.count({"mutated": (16, 8), "new": (16, 1)})
    first = sources.counts(64, SOURCES, draw)
    assert first["mutated"] > 2 * first["new"] and first["crossed"] > first["new"]
    for _ in range(20):
        sources.count({"mutated": (16, 0), "new": (16, 4)})
    later = sources.counts(64, SOURCES, draw)
    assert later["new"] > 2 * later["mutated"]


def test_a_source_that_was_tried_little_is_taken_to_be_like_the_others() -> None:
    """One good molecule in a hundred is usual here, so that ten tries without one say little."""
    sources = Sources()
    sources.count({"mutated": (1000, 10), "new": (10, 0)})
    counts = sources.counts(1000, ("new", "mutated"), np.random.default_rng(0))
    assert 1 < counts["mutated"] / counts["new"] < 3
