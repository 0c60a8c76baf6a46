"""The MOSES benchmark (Polykovskiy et al., 2020), every metric as its code computes it."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

import numpy as np

from molgen.datasets.splits import TEST, TRAIN
from molgen.evaluation.distances import count_similarity, wasserstein
from molgen.evaluation.fcd import fcd_metric
from molgen.evaluation.intervals import MetricValue, around, bootstrap, mean, share
from molgen.evaluation.references import TEST_SCAFFOLDS
from molgen.evaluation.similarity import internal_diversity, nearest_similarity
from molgen.evaluation.suites.base import Context, Metric, Suite

DIVERSITY_SAMPLE = 30_000
"""Molecules beyond which internal diversity is computed on a random sample."""

_SPLITS = {TEST: "Test", TEST_SCAFFOLDS: "TestSF"}


def _valid(context: Context) -> Iterator[MetricValue]:
    yield share("valid", len(context.sample.readable), context.sample.attempts)


def _unique(context: Context) -> Iterator[MetricValue]:
    smiles = context.sample.words("canonical").singles()
    for k in (1000, 10_000):
        head = smiles[:k]
        note = f"only {len(head):,} readable" if len(head) < k else ""
        yield share(f"unique@{k}", len(set(head)), len(head), note)


def _fcd(context: Context, split: str) -> Iterator[MetricValue]:
    values = context.chemnet(context.sample.words("canonical").singles())
    yield fcd_metric(f"FCD/{_SPLITS[split]}", values, partial(context.compared.moments, split, context.progress))


def _nearest(context: Context, split: str) -> Iterator[MetricValue]:
    context.progress("nearest neighbours", 0)
    prints, reference = context.sample.bits("morgan"), context.compared.bits(split, "morgan")
    yield mean(f"SNN/{_SPLITS[split]}", nearest_similarity(prints, reference) if len(prints) else np.zeros(0))


def _counts(context: Context, split: str, name: str, feature: str) -> Iterator[MetricValue]:
    words = context.sample.words(feature)
    value, resampled = count_similarity(context.compared.counts(split, feature), words)
    yield bootstrap(f"{name}/{_SPLITS[split]}", value, len(words), resampled)


def _diversity(context: Context) -> Iterator[MetricValue]:
    context.progress("internal diversity", 0)
    prints = context.sample.bits("morgan")
    note = ""
    if len(prints) > DIVERSITY_SAMPLE:
        chosen = np.random.default_rng(0).choice(len(prints), DIVERSITY_SAMPLE, replace=False)
        prints, note = prints[np.sort(chosen)], f"of {DIVERSITY_SAMPLE:,} chosen at random"
    if len(prints) == 0:
        yield from (MetricValue(name, float("nan"), 0, note="nothing readable") for name in ("IntDiv", "IntDiv2"))
        return
    found = internal_diversity(prints)
    yield around("IntDiv", found.first, found.error, len(prints), note)
    yield around("IntDiv2", found.second, found.second_error, len(prints), note)


def _filters(context: Context) -> Iterator[MetricValue]:
    passed = context.sample.numbers("Filters")
    yield share("Filters", int(passed.sum()), len(passed))


def _property(context: Context, name: str) -> Iterator[MetricValue]:
    values = context.sample.numbers(name)
    value, resampled = wasserstein(context.compared.numbers(TEST, name), values)
    yield bootstrap(name, value, len(values), resampled)


def _novelty(context: Context) -> Iterator[MetricValue]:
    distinct = context.sample.words("canonical").names
    known = context.compared.contains(distinct, verbatim=True)
    yield share("Novelty", len(distinct) - int(known.sum()), len(distinct))


def _split_metrics(split: str) -> tuple[Metric, ...]:
    shown = _SPLITS[split]
    return (
        Metric((f"FCD/{shown}",), partial(_fcd, split=split), ("canonical",), ((split, ""),)),
        Metric((f"SNN/{shown}",), partial(_nearest, split=split), ("morgan",), ((split, "morgan"),)),
        *(
            Metric(
                (f"{name}/{shown}",),
                partial(_counts, split=split, name=name, feature=feature),
                (feature,),
                ((split, feature),),
            )
            for name, feature in (("Frag", "fragments"), ("Scaf", "moses_scaffold"))
        ),
    )


MOSES = Suite(
    name="moses",
    usual=25_000,
    metrics=(
        Metric(("valid",), _valid),
        Metric(("unique@1000", "unique@10000"), _unique, ("canonical",)),
        *_split_metrics(TEST),
        *_split_metrics(TEST_SCAFFOLDS),
        Metric(("IntDiv", "IntDiv2"), _diversity, ("morgan",)),
        Metric(("Filters",), _filters, ("Filters",)),
        *(
            Metric((name,), partial(_property, name=name), (name,), ((TEST, name),))
            for name in ("logP", "SA", "QED", "weight")
        ),
        Metric(("Novelty",), _novelty, ("canonical",), ((TRAIN, ""),)),
    ),
)
"""The suite."""
