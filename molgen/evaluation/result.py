"""What an evaluation found, and how it is shown."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from molgen.evaluation.intervals import Figure
from molgen.evaluation.sample import LostAttempt
from molgen.evaluation.suites import guacamol_json

if TYPE_CHECKING:
    import pandas


@dataclass(frozen=True, repr=False)
class Evaluation:
    """Figures of one set of attempts.

    Attributes:
        attempts: how many there were.
        reference: its name, or None.
        suites: figures by suite.
        warnings: what a reader of the figures has to know.
        lost: attempts on which RDKit crashed or hung; they count as invalid.
        samples: the first attempts, as given.
        seconds: it took.
        flags: one row per attempt (`molgen.evaluation.flags.flag_table`), where it was asked for.
    """

    attempts: int
    reference: str | None
    suites: dict[str, tuple[Figure, ...]]
    warnings: tuple[str, ...]
    lost: tuple[LostAttempt, ...]
    samples: tuple[str, ...]
    seconds: float
    flags: pandas.DataFrame | None = None

    def figures(self) -> Iterator[tuple[str, Figure]]:
        """Suite and figure, in order."""
        for suite, figures in self.suites.items():
            for figure in figures:
                yield suite, figure

    def figure(self, name: str) -> Figure:
        """A figure by name, of the first suite that has it.

        Raises:
            KeyError: no suite has it.
        """
        for _, figure in self.figures():
            if figure.name == name:
                return figure
        raise KeyError(name)

    def __getitem__(self, name: str) -> float:
        return self.figure(name).value

    def __contains__(self, name: object) -> bool:
        return any(figure.name == name for _, figure in self.figures())

    def to_dict(self) -> dict[str, Any]:
        """Everything, ready for JSON; what cannot be computed is null. GuacaMol's figures also in GuacaMol's shape."""
        found: dict[str, Any] = {
            "attempts": self.attempts,
            "reference": self.reference,
            "seconds": round(self.seconds, 1),
            "warnings": list(self.warnings),
            "lost": [asdict(attempt) for attempt in self.lost],
            "suites": {
                suite: {figure.name: _plain(figure) for figure in figures} for suite, figures in self.suites.items()
            },
        }
        if "guacamol" in self.suites:
            named = {figure.name: figure for figure in self.suites["guacamol"]}
            found["guacamol"] = _finite(guacamol_json(named, self.samples))
        return found

    def to_pandas(self) -> pandas.DataFrame:
        """One row per figure: suite, value, low, high, n, note."""
        import pandas

        rows = [{"suite": suite, **asdict(figure)} for suite, figure in self.figures()]
        return pandas.DataFrame(rows).set_index("name")

    def __repr__(self) -> str:
        found = ", ".join(f"{figure.name}={shown(figure)}" for _, figure in itertools.islice(self.figures(), 3))
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


def shown(figure: Figure) -> str:
    """Value and half width of the interval, to the digits that mean something."""
    if not math.isfinite(figure.value):
        return "-"
    if figure.value == int(figure.value) and figure.low is None:
        return f"{int(figure.value):,}"
    digits = 2 if abs(figure.value) >= 10 else 4
    text = f"{figure.value:.{digits}f}"
    if figure.low is None or figure.high is None:
        return text
    return f"{text} ±{(figure.high - figure.low) / 2:.{digits}f}"


def table(evaluations: Sequence[Evaluation], names: Sequence[str]) -> list[tuple[str, ...]]:
    """One row per figure, one column per evaluation; the first row holds the headers, the last column the notes.

    Where there are figures of several suites, the first column names the suite.
    """
    order = list(dict.fromkeys((suite, figure.name) for e in evaluations for suite, figure in e.figures()))
    several = len({suite for suite, _ in order}) > 1
    rows = [(*(("suite",) if several else ()), "figure", *names, "n", "note")]
    for suite, name in order:
        found = [next((f for s, f in e.figures() if (s, f.name) == (suite, name)), None) for e in evaluations]
        there = [figure for figure in found if figure is not None]
        counts = "/".join(dict.fromkeys(f"{figure.n:,}" for figure in there))
        notes = _notes(
            [(file, "" if figure is None else figure.note) for file, figure in zip(names, found, strict=True)]
        )
        label = (suite, name) if several else (name,)
        rows.append((*label, *("" if figure is None else shown(figure) for figure in found), counts, notes))
    return rows


def _notes(notes: Sequence[tuple[str, str]]) -> str:
    """One note where all files have the same, else each behind the name of its file."""
    different = {note for _, note in notes}
    if len(different) == 1:
        return different.pop()
    return "; ".join(f"{file}: {note}" for file, note in notes if note)


def _plain(figure: Figure) -> dict[str, Any]:
    found = asdict(figure)
    del found["name"]
    return dict(_finite(found))


def _finite(value: Any) -> Any:
    """JSON knows no nan."""
    if isinstance(value, dict):
        return {key: _finite(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_finite(item) for item in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value
