from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from molgen.optimisation.sources import SOURCES, Source, Sources

tallies = st.dictionaries(
    st.sampled_from(SOURCES), st.integers(0, 60).flatmap(lambda n: st.tuples(st.just(n), st.integers(0, n)))
)


@given(st.lists(tallies, max_size=20), st.integers(1, 200), st.sets(st.sampled_from(SOURCES), min_size=1))
def test_counts_are_of_the_sources_asked_for_and_sum_to_the_total(
    steps: list[dict[Source, tuple[int, int]]], total: int, asked: set[Source]
) -> None:
    sources, among = Sources(), sorted(asked, key=SOURCES.index)
    for step in steps:
        sources.count(step)
    counts = sources.counts(total, among)
    assert list(counts) == among and sum(counts.values()) == total
    assert min(counts.values()) >= int(0.05 * total)


def test_what_makes_good_molecules_makes_more_and_what_stops_makes_fewer_again() -> None:
    sources = Sources()
    assert set(sources.counts(64, SOURCES).values()) == {16}
    for _ in range(5):
        sources.count({"mutated": (16, 8), "new": (16, 1)})
    first = sources.counts(64, SOURCES)
    assert first["mutated"] > 30 > 10 > first["new"]
    for _ in range(20):
        sources.count({"mutated": (16, 0), "new": (16, 4)})
    assert sources.counts(64, SOURCES)["new"] > 2 * sources.counts(64, SOURCES)["mutated"]
