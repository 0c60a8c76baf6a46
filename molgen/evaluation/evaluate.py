"""Scoring of attempts: features are computed once, in worker processes, and every suite uses them."""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from molgen.datasets.splits import TRAIN
from molgen.errors import UsageError
from molgen.evaluation.flags import FEATURES as FLAG_FEATURES
from molgen.evaluation.flags import flag_table
from molgen.evaluation.references import Progress, Reference, find_reference
from molgen.evaluation.result import Evaluation
from molgen.evaluation.sample import Sample, examine
from molgen.evaluation.suites import SUITES, Context, Metric, Suite
from molgen.io import smiles_of
from molgen.system.progress import stages
from molgen.system.timer import checked_seconds
from molgen.system.workers import TIME_LIMIT

if TYPE_CHECKING:
    import pandas

ALL = "all"

_SHOWN = 100


def evaluate(
    smiles: str | Path | Iterable[Any],
    reference: str | Path | Iterable[Any] | Reference | None = None,
    suite: str | Sequence[str] = "graph",
    *,
    only: str | Sequence[str] | None = None,
    jobs: int | None = None,
    time_limit: float = TIME_LIMIT,
    flags: bool = False,
    progress: bool | Progress = True,
) -> Evaluation:
    """Score attempts.

    Args:
        smiles: attempts, invalid ones included: a list, tuple, generator, array or pandas Series of SMILES or RDKit
            molecules, or a file. None and NaN are invalid attempts.
        reference: ``moses``, ``qm9``, a file, molecules, or a `Reference`; without one, metrics that need one are left
            out.
        suite: ``moses``, ``guacamol``, ``graph``, ``medchem``, several of them, or ``all``.
        only: name or names of metrics; others are not computed.
        jobs: worker processes; by default one per core. Results do not depend on it.
        time_limit: seconds of processor time that RDKit may spend on one attempt.
        flags: make the table of flags per attempt (`molgen.evaluation.flags.flag_table`).
        progress: a bar on terminals and in notebooks, false for none; or what is called with a label and the number of
            molecules done.

    Raises:
        UsageError: an unknown suite or metric, a time limit that is not above 0, or one string or a table instead of
            several molecules.
        MolgenError: no attempts, or a reference that cannot be read.

    Example:
        >>> import molgen
        >>> evaluation = molgen.evaluate(["CCO", "OCC", "c1ccccc1", "C1CC", None], only=["validity", "uniqueness"])
        >>> evaluation["validity"], round(evaluation["uniqueness"], 2)
        (0.6, 0.67)
    """
    start = time.perf_counter()
    checked_seconds(time_limit, "the time limit")
    given = smiles_of(smiles, "smiles")
    suites = find_suites(suite)
    only = find_metrics(only, suites)
    with stages(progress, "evaluating") as show:
        if reference is not None and not isinstance(reference, Reference):
            reference = find_reference(reference, jobs=jobs, progress=show)
        chosen = {s.name: [metric for metric in _chosen(s, only) if metric.possible(reference)] for s in suites}
        if only is not None:
            _check_possible(only, chosen, reference)
        metrics = [metric for found in chosen.values() for metric in found]
        needed = [feature for metric in metrics for feature in metric.features]
        features = list(dict.fromkeys([*needed, *(FLAG_FEATURES if flags else ())]))
        samples: list[str] = []
        sample = examine(
            _remember(given, samples),
            features,
            verdicts=flags or any(s.verdicts and chosen[s.name] for s in suites),
            stereo=reference is not None and reference.stereo,
            jobs=jobs,
            time_limit=time_limit,
            progress=lambda n: show("describing attempts", n),
        )
        if reference is not None:
            _prepare(reference, metrics, flags, jobs, show)
        context = Context(sample, reference, show)
        found = {
            name: tuple(
                value
                for metric in suite_metrics
                for value in metric.compute(context)
                if only is None or value.name in only
            )
            for name, suite_metrics in chosen.items()
        }
    return Evaluation(
        attempts=sample.attempts,
        reference=None if reference is None else reference.name,
        suites=found,
        warnings=tuple(_warnings(suites, sample, reference)),
        lost=tuple(sample.lost),
        samples=tuple(samples),
        flags=_flags(sample, reference) if flags else None,
        seconds=time.perf_counter() - start,
    )


def find_suites(names: str | Sequence[str]) -> list[Suite]:
    """Suites by name.

    Raises:
        UsageError: an unknown one.
    """
    wanted = [names] if isinstance(names, str) else list(names)
    unknown = [name for name in wanted if name not in SUITES and name != ALL]
    if unknown:
        raise UsageError(f"unknown suite {unknown[0]!r}; known: {', '.join((*SUITES, ALL))}")
    return list(SUITES.values()) if ALL in wanted else [SUITES[name] for name in dict.fromkeys(wanted)]


def _chosen(suite: Suite, only: Sequence[str] | None) -> list[Metric]:
    return [metric for metric in suite.metrics if only is None or set(metric.names) & set(only)]


def find_metrics(names: str | Sequence[str] | None, suites: Sequence[Suite]) -> list[str] | None:
    """Names of metrics of suites; None for all.

    Raises:
        UsageError: an unknown one.

    Example:
        >>> find_metrics("validity", find_suites("graph"))
        ['validity']
    """
    if names is None:
        return None
    wanted = [names] if isinstance(names, str) else list(names)
    known = [name for suite in suites for metric in suite.metrics for name in metric.names]
    for name in wanted:
        if name not in known:
            raise UsageError(f"unknown metric {name!r}; of these suites: {', '.join(known)}")
    return wanted


def _check_possible(only: Sequence[str], chosen: dict[str, list[Metric]], reference: Reference | None) -> None:
    """Refuse metrics for which the reference lacks a split."""
    left = {name for metrics in chosen.values() for metric in metrics for name in metric.names}
    for name in only:
        if name not in left:
            lacks = "a reference" if reference is None else f"a split that {reference.name} does not have"
            raise UsageError(f"{name} needs {lacks}")


def _remember(smiles: Iterable[str], samples: list[str]) -> Iterator[str]:
    for text in smiles:
        if len(samples) < _SHOWN:
            samples.append(text)
        yield text


def _prepare(
    reference: Reference, metrics: Sequence[Metric], flags: bool, jobs: int | None, progress: Progress
) -> None:
    wanted: dict[str, list[str]] = defaultdict(list)
    if flags and TRAIN in reference.splits:
        wanted[TRAIN].append("ring_systems")
    for metric in metrics:
        for split, feature in metric.compared:
            if feature:
                wanted[split].append(feature)
    for split, features in wanted.items():
        reference.prepare(split, features, jobs, progress)


def _flags(sample: Sample, reference: Reference | None) -> pandas.DataFrame:
    known = reference is not None and TRAIN in reference.splits
    return flag_table(sample, reference.counts(TRAIN, "ring_systems") if reference is not None and known else None)


def _warnings(suites: Sequence[Suite], sample: Sample, reference: Reference | None) -> Iterator[str]:
    if reference is not None:
        yield from reference.notes
    for suite in suites:
        if suite.usual is not None and sample.attempts < suite.usual:
            yield f"{suite.name}: {sample.attempts:,} attempts; published tables rest on {suite.usual:,}"
    if sample.lost:
        first = sample.lost[0]
        yield f"{len(sample.lost):,} attempts lost, counted as invalid; first: number {first.number}, {first.reason}"
