"""Results of an evaluation, and their tables."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from molgen.evaluation.intervals import MetricValue
from molgen.evaluation.sample import LostAttempt
from molgen.evaluation.suites import guacamol_json

if TYPE_CHECKING:
    import pandas


@dataclass(frozen=True, repr=False)
class Evaluation:
    """Metrics of one set of attempts.

    Attributes:
        attempts: number of attempts.
        reference: name of the reference, or None.
        suites: metrics by suite.
        warnings: notes that limit the meaning of the metrics.
        lost: attempts on which RDKit crashed or hung; they count as invalid.
        samples: the first attempts, as given.
        seconds: duration.
        flags: one row per attempt (`molgen.evaluation.flags.flag_table`), if requested.
    """

    attempts: int
    reference: str | None
    suites: dict[str, tuple[MetricValue, ...]]
    warnings: tuple[str, ...]
    lost: tuple[LostAttempt, ...]
    samples: tuple[str, ...]
    seconds: float
    flags: pandas.DataFrame | None = None

    def metrics(self) -> Iterator[tuple[str, MetricValue]]:
        """Suite and metric, in order."""
        for suite, metrics in self.suites.items():
            for metric in metrics:
                yield suite, metric

    def metric(self, name: str) -> MetricValue:
        """A metric by name, of the first suite that has it.

        Raises:
            KeyError: no suite has it.
        """
        for _, metric in self.metrics():
            if metric.name == name:
                return metric
        raise KeyError(name)

    def __getitem__(self, name: str) -> float:
        return self.metric(name).value

    def __contains__(self, name: object) -> bool:
        return any(metric.name == name for _, metric in self.metrics())

    def to_dict(self) -> dict[str, Any]:
        """Everything, ready for JSON; what cannot be computed is null. GuacaMol's metrics also in its own format."""
        found: dict[str, Any] = {
            "attempts": self.attempts,
            "reference": self.reference,
            "seconds": round(self.seconds, 1),
            "warnings": list(self.warnings),
            "lost": [asdict(attempt) for attempt in self.lost],
            "suites": {
                suite: {metric.name: _plain(metric) for metric in metrics} for suite, metrics in self.suites.items()
            },
        }
        if "guacamol" in self.suites:
            named = {metric.name: metric for metric in self.suites["guacamol"]}
            found["guacamol"] = _finite(guacamol_json(named, self.samples))
        return found

    def to_pandas(self) -> pandas.DataFrame:
        """One row per metric: suite, value, low, high, n, note."""
        import pandas

        rows = [{"suite": suite, **asdict(metric)} for suite, metric in self.metrics()]
        return pandas.DataFrame(rows).set_index("name")

    def __repr__(self) -> str:
        found = ", ".join(f"{metric.name}={shown(metric)}" for _, metric in itertools.islice(self.metrics(), 3))
        return f"Evaluation({self.attempts:,} attempts, reference {self.reference or 'none'}: {found}, ...)"

    def _repr_html_(self) -> str:
        return self._shown().to_html(index=False, border=0)

    def _shown(self) -> pandas.DataFrame:
        import pandas

        header, *rows = table([self], ["value"])
        return pandas.DataFrame(rows, columns=list(header))

    def __str__(self) -> str:
        lines = table([self], ["value"])
        widths = [max(len(line[i]) for line in lines) for i in range(len(lines[0]))]
        return "\n".join(
            "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)) for line in lines
        )


def shown(metric: MetricValue) -> str:
    """Value and half width of the interval, rounded."""
    if not math.isfinite(metric.value):
        return "-"
    if metric.value == int(metric.value) and metric.low is None:
        return f"{int(metric.value):,}"
    digits = 2 if abs(metric.value) >= 10 else 4
    text = f"{metric.value:.{digits}f}"
    if metric.low is None or metric.high is None:
        return text
    return f"{text} ±{(metric.high - metric.low) / 2:.{digits}f}"


def table(evaluations: Sequence[Evaluation], names: Sequence[str]) -> list[tuple[str, ...]]:
    """One row per metric, one column per evaluation; the first row holds the headers, the last column the notes.

    Where there are metrics of several suites, the first column names the suite.
    """
    order = list(dict.fromkeys((suite, metric.name) for e in evaluations for suite, metric in e.metrics()))
    several = len({suite for suite, _ in order}) > 1
    rows = [(*(("suite",) if several else ()), "metric", *names, "n", "note")]
    for suite, name in order:
        found = [next((f for s, f in e.metrics() if (s, f.name) == (suite, name)), None) for e in evaluations]
        there = [metric for metric in found if metric is not None]
        counts = "/".join(dict.fromkeys(f"{metric.n:,}" for metric in there))
        notes = _notes(
            [(file, "" if metric is None else metric.note) for file, metric in zip(names, found, strict=True)]
        )
        label = (suite, name) if several else (name,)
        rows.append((*label, *("" if metric is None else shown(metric) for metric in found), counts, notes))
    return rows


def _notes(notes: Sequence[tuple[str, str]]) -> str:
    """One note where all files have the same, else each behind the name of its file."""
    different = {note for _, note in notes}
    if len(different) == 1:
        return different.pop()
    return "; ".join(f"{file}: {note}" for file, note in notes if note)


def _plain(metric: MetricValue) -> dict[str, Any]:
    found = asdict(metric)
    del found["name"]
    return dict(_finite(found))


def _finite(value: Any) -> Any:
    """The same with None for numbers that JSON cannot hold."""
    if isinstance(value, dict):
        return {key: _finite(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_finite(item) for item in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value
