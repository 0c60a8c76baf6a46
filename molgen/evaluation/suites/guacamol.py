"""GuacaMol's distribution-learning benchmark (Brown et al., 2019), on a file of attempts instead of a running model."""

from __future__ import annotations

import math
import time
from collections.abc import Iterator, Sequence
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from molgen.datasets.splits import TRAIN
from molgen.evaluation.distances import continuous_divergence, discrete_divergence
from molgen.evaluation.fcd import fcd_metric
from molgen.evaluation.intervals import MetricValue, share
from molgen.evaluation.references import SUBSET, SUBSET_SIZE
from molgen.evaluation.similarity import nearest_similarity
from molgen.evaluation.suites.base import Context, Metric, Suite
from molgen.features.properties import GUACAMOL_DESCRIPTORS

_SIMILARITY = "internal_similarity"


def _wanted(context: Context) -> int:
    return min(SUBSET_SIZE, context.sample.attempts)


def _first_valid(context: Context) -> NDArray[np.int64]:
    """Rows of the first valid molecules, out of at most ten times as many attempts."""
    wanted = _wanted(context)
    return np.flatnonzero(context.sample.readable < 10 * wanted)[:wanted]


def _first_distinct(context: Context) -> NDArray[np.int64]:
    """Rows of the first distinct molecules, out of at most twice as many attempts."""
    wanted = _wanted(context)
    ids = context.sample.words("canonical").ids[context.sample.readable < 2 * wanted]
    _, rows = np.unique(ids, return_index=True)
    return np.sort(rows)[:wanted]


def _distinct_flat(context: Context) -> NDArray[np.int64]:
    """Of those rows, the first of each molecule without stereo."""
    rows = _first_distinct(context)
    _, first = np.unique(context.sample.words("flat").ids[rows], return_index=True)
    return rows[np.sort(first)]


def _penalty(found: int, wanted: int) -> str:
    return f"only {found:,} found of {wanted:,} wanted, which lowers it" if found < wanted else ""


def _validity(context: Context) -> Iterator[MetricValue]:
    wanted = _wanted(context)
    yield share("Validity", int((context.sample.readable < wanted).sum()), wanted)


def _uniqueness(context: Context) -> Iterator[MetricValue]:
    rows, wanted = _first_valid(context), _wanted(context)
    distinct = len(np.unique(context.sample.words("flat").ids[rows]))
    yield share("Uniqueness", distinct, wanted, _penalty(len(rows), wanted))


def _novelty(context: Context) -> Iterator[MetricValue]:
    wanted, words = _wanted(context), context.sample.words("flat")
    names, rows = words.names, _distinct_flat(context)
    known = context.compared.contains([names[i] for i in words.ids[rows]])
    yield share("Novelty", len(rows) - int(known.sum()), wanted, _penalty(len(_first_distinct(context)), wanted))


def _divergences(context: Context) -> dict[str, float]:
    rows, sample, reference = _distinct_flat(context), context.sample, context.compared
    found = {}
    for name, values in GUACAMOL_DESCRIPTORS.items():
        compare = continuous_divergence if values == "continuous" else discrete_divergence
        found[name] = compare(reference.numbers(SUBSET, name), sample.numbers(name)[rows])
    found[_SIMILARITY] = continuous_divergence(
        nearest_similarity(reference.bits(SUBSET, "flat_morgan")), nearest_similarity(sample.bits("flat_morgan")[rows])
    )
    return found


def _divergence(context: Context) -> Iterator[MetricValue]:
    context.progress("KL divergences", 0)
    rows, wanted = _distinct_flat(context), _wanted(context)
    note = _penalty(len(_first_distinct(context)), wanted)
    divergences = _divergences(context) if len(rows) > 1 else {}
    score = float(np.mean([math.exp(-value) for value in divergences.values()])) if divergences else math.nan
    yield MetricValue("KL divergence", score, len(rows), note=note)
    yield from (MetricValue(f"KL {name}", value, len(rows)) for name, value in divergences.items())


def _chemnet(context: Context) -> Iterator[MetricValue]:
    rows = _first_valid(context)
    names = context.sample.words("canonical").singles()
    found = fcd_metric(
        "FCD",
        context.chemnet([names[row] for row in rows]),
        partial(context.compared.moments, SUBSET, context.progress),
    )
    scores = [math.exp(-0.2 * value) if value is not None else None for value in (found.value, found.high, found.low)]
    assert scores[0] is not None
    note = found.note or _penalty(len(rows), _wanted(context))
    yield MetricValue("Frechet ChemNet Distance", scores[0], found.n, scores[1], scores[2], note or "exp(-0.2 FCD)")
    yield found


GUACAMOL = Suite(
    name="guacamol",
    usual=20_000,
    metrics=(
        Metric(("Validity",), _validity),
        Metric(("Uniqueness",), _uniqueness, ("flat",)),
        Metric(("Novelty",), _novelty, ("canonical", "flat"), ((TRAIN, ""),)),
        Metric(
            ("KL divergence", *(f"KL {name}" for name in (*GUACAMOL_DESCRIPTORS, _SIMILARITY))),
            _divergence,
            ("canonical", "flat", "flat_morgan", *GUACAMOL_DESCRIPTORS),
            tuple((SUBSET, name) for name in (*GUACAMOL_DESCRIPTORS, "flat_morgan")),
        ),
        Metric(("Frechet ChemNet Distance", "FCD"), _chemnet, ("canonical",), ((SUBSET, ""),)),
    ),
)
"""The suite."""


def guacamol_json(metrics: dict[str, MetricValue], samples: Sequence[str]) -> dict[str, Any]:
    """Results in the JSON format of GuacaMol's own code.

    Args:
        metrics: of the suite, by name.
        samples: up to 100 attempts to show.
    """
    divergences = {
        name: metrics[f"KL {name}"].value for name in (*GUACAMOL_DESCRIPTORS, _SIMILARITY) if f"KL {name}" in metrics
    }
    extra: dict[str, dict[str, Any]] = {
        "KL divergence": {"kl_divs": divergences},
        "Frechet ChemNet Distance": {"FCD": metrics["FCD"].value if "FCD" in metrics else None},
    }
    benchmarks = ("Validity", "Uniqueness", "Novelty", "KL divergence", "Frechet ChemNet Distance")
    return {
        "guacamol_version": "0.5.5 (definitions; computed by molgen)",
        "benchmark_suite_version": "v2",
        "timestamp": time.strftime("%Y%m%d-%H%M%S"),
        "samples": list(samples[:100]),
        "results": [
            {
                "benchmark_name": name,
                "score": metrics[name].value,
                "sampling_time": None,
                "metadata": {"number_samples": metrics[name].n, **extra.get(name, {})},
            }
            for name in benchmarks
            if name in metrics
        ],
    }
