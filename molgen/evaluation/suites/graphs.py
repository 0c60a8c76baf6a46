"""Metrics of papers on graph generation (QM9, ZINC), with every definition of validity."""

from __future__ import annotations

import math
from collections.abc import Iterator
from functools import partial

from molgen.datasets.splits import TEST, TRAIN
from molgen.evaluation.fcd import fcd_metric
from molgen.evaluation.intervals import MetricValue, share
from molgen.evaluation.suites.base import Context, Metric, Suite


def _validity(context: Context) -> Iterator[MetricValue]:
    sample, n = context.sample, context.sample.attempts
    yield share("validity", len(sample.strict.ids), n)
    for name, column in zip(("sanitize", "largest_fragment", "relaxed"), sample.verdicts.T, strict=True):
        yield share(f"validity_{name}", int(column.sum()), n)


def _uniqueness(context: Context) -> Iterator[MetricValue]:
    strict, n = context.sample.strict, context.sample.attempts
    valid, distinct = len(strict.ids), len(strict.names)
    yield share("uniqueness", distinct, valid)
    yield share("vu", distinct, n)


def _novelty(context: Context) -> Iterator[MetricValue]:
    names = context.sample.strict.names
    novel = len(names) - int(context.compared.contains(names).sum())
    yield share("novelty", novel, len(names))
    yield share("vun", novel, context.sample.attempts)


def _stability(context: Context) -> Iterator[MetricValue]:
    stable, atoms = context.sample.stable[:, 0], context.sample.stable[:, 1]
    yield share("atom_stability", int(stable.sum()), int(atoms.sum()), "of the heavy atoms of what parses")
    whole = int(((stable == atoms) & (atoms > 0)).sum())
    yield share("molecule_stability", whole, context.sample.attempts)


def _neighbourhoods(context: Context) -> Iterator[MetricValue]:
    valid = int(context.sample.valid.sum())
    found = context.sample.mean("neighbourhoods")
    value = context.compared.discrepancy(TEST, "neighbourhoods", found) if valid else math.nan
    yield MetricValue("nspdk", value, valid)


def _chemnet(context: Context) -> Iterator[MetricValue]:
    values = context.chemnet(context.sample.strict.singles())
    note = f"to the {context.compared.title(TEST)}"
    yield fcd_metric("fcd", values, partial(context.compared.moments, TEST, context.progress), note)


GRAPH = Suite(
    name="graph",
    usual=10_000,
    verdicts=True,
    metrics=(
        Metric(("validity", "validity_sanitize", "validity_largest_fragment", "validity_relaxed"), _validity),
        Metric(("uniqueness", "vu"), _uniqueness),
        Metric(("novelty", "vun"), _novelty, (), ((TRAIN, ""),)),
        Metric(("atom_stability", "molecule_stability"), _stability),
        Metric(("nspdk",), _neighbourhoods, ("neighbourhoods",), ((TEST, "neighbourhoods"),)),
        Metric(("fcd",), _chemnet, (), ((TEST, ""),)),
    ),
)
"""The suite."""
