"""Metrics of a library in medicinal chemistry. Denominator: the strictly valid molecules, but for quality."""

from __future__ import annotations

import math
from collections.abc import Iterator
from functools import partial

import numpy as np
from rdkit import DataStructs
from rdkit.SimDivFilters.rdSimDivPickers import LeaderPicker

from molgen.datasets.splits import TRAIN
from molgen.evaluation.distances import entropy
from molgen.evaluation.flags import RARE
from molgen.evaluation.intervals import MetricValue, mean, share
from molgen.evaluation.suites.base import Context, Metric, Suite
from molgen.features.alerts import CATALOGUES

CIRCLES_DISTANCE = 0.75
"""Tanimoto distance that separates the centres of circles (Xie et al., 2023)."""

CIRCLES_SAMPLE = 20_000
"""Molecules beyond which circles are counted on a random sample."""

LEAST_QED, MOST_SA = 0.6, 4.0
"""Of what counts as quality (GenMol; Lee et al., 2025)."""


def _alerts(context: Context) -> Iterator[MetricValue]:
    rows = context.sample.valid_rows
    n, words = int(rows.sum()), context.sample.words("alerts")
    kept = rows[words.rows]
    ids, owners, names = words.ids[kept], words.rows[kept], words.names
    catalogue = np.array([CATALOGUES.index(name.split(": ")[0]) for name in names], dtype=np.int64)
    for number, name in enumerate(CATALOGUES):
        mine = catalogue[ids] == number if len(names) else np.zeros(0, dtype=bool)
        totals = np.bincount(ids[mine], minlength=len(names)) if len(names) else np.zeros(0)
        top = [f"{names[i].split(': ', 1)[1]} ({int(totals[i]):,})" for i in np.argsort(-totals)[:3] if totals[i]]
        note = "most often: " + ", ".join(top) if top else ""
        yield share(f"alerts_{name}", len(np.unique(owners[mine])), n, note)
    yield share("alerts_any", len(np.unique(owners)), n)


def _ring_systems(context: Context) -> Iterator[MetricValue]:
    rows, words = context.sample.valid_rows, context.sample.words("ring_systems")
    known = context.compared.counts(TRAIN, "ring_systems")
    kept = rows[words.rows]
    seen = np.array([known.get(name, 0) for name in words.names], dtype=np.int64)[words.ids[kept]]
    owners, n = words.rows[kept], int(rows.sum())
    note = f"in the {context.compared.title(TRAIN)}"
    yield share("ring_system_never_seen", len(np.unique(owners[seen == 0])), n, note)
    yield share("ring_system_rare", len(np.unique(owners[seen < RARE])), n, f"fewer than {RARE} times, or never")


def _plausible(context: Context) -> Iterator[MetricValue]:
    values = context.sample.numbers("plausible")[context.sample.valid_rows]
    yield share("plausible", int(values.sum()), len(values), "no ring too strained to exist")


def _average(context: Context, feature: str) -> Iterator[MetricValue]:
    yield mean(feature, context.sample.numbers(feature)[context.sample.valid_rows])


def _quality(context: Context) -> Iterator[MetricValue]:
    sample = context.sample
    wanted = (sample.numbers("QED") >= LEAST_QED) & (sample.numbers("SA") <= MOST_SA)
    mine = np.isin(sample.strict.rows, sample.readable[wanted])
    note = f"of all attempts: valid, different, QED at least {LEAST_QED:g}, SA at most {MOST_SA:g}"
    yield share("quality", len(np.unique(sample.strict.ids[mine])), sample.attempts, note)


def _scaffolds(context: Context) -> Iterator[MetricValue]:
    rows = context.sample.valid_rows
    counts = context.sample.words("scaffold").counts(rows)
    n = int(rows.sum())
    yield MetricValue("scaffolds", len(counts), n, note="different Murcko scaffolds")
    yield MetricValue("scaffold_entropy", entropy(counts), n, note=f"nats; at most {math.log(max(len(counts), 1)):.2f}")


def _circles(context: Context) -> Iterator[MetricValue]:
    context.progress("circles", 0)
    prints = context.sample.bits("morgan")[context.sample.valid_rows]
    note = "a lower bound: picked greedily"
    if len(prints) > CIRCLES_SAMPLE:
        chosen = np.random.default_rng(0).choice(len(prints), CIRCLES_SAMPLE, replace=False)
        prints, note = prints[np.sort(chosen)], f"{note}, from {CIRCLES_SAMPLE:,} chosen at random"
    vectors = [DataStructs.CreateFromBinaryText(row.tobytes()) for row in prints]
    picked = LeaderPicker().LazyBitVectorPick(vectors, len(vectors), CIRCLES_DISTANCE) if vectors else ()
    yield MetricValue("circles", len(picked), len(vectors), note=note)


MEDCHEM = Suite(
    name="medchem",
    usual=None,
    verdicts=True,
    metrics=(
        Metric(tuple(f"alerts_{name}" for name in (*CATALOGUES, "any")), _alerts, ("alerts",)),
        Metric(
            ("ring_system_never_seen", "ring_system_rare"),
            _ring_systems,
            ("ring_systems",),
            ((TRAIN, "ring_systems"),),
        ),
        Metric(("plausible",), _plausible, ("plausible",)),
        *(Metric((name,), partial(_average, feature=name), (name,)) for name in ("SA", "NP", "QED")),
        Metric(("quality",), _quality, ("QED", "SA")),
        Metric(("scaffolds", "scaffold_entropy"), _scaffolds, ("scaffold",)),
        Metric(("circles",), _circles, ("morgan",)),
    ),
)
"""The suite."""
