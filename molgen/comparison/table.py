"""Results of a comparison: table, CSV and picture."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from pathlib import Path
from statistics import mean, stdev
from typing import TYPE_CHECKING

from pydantic import BaseModel, ConfigDict

from molgen.comparison.plan import Plan
from molgen.system.charts import chart
from molgen.system.files import whole_file

if TYPE_CHECKING:
    import pandas

REPORT_FILE = "report.md"


class Likelihood(BaseModel):
    """Likelihood of held-out molecules.

    Attributes:
        nats: mean upper bound on - log p(molecule), size or length included; exact for autoregressive models.
        error: standard error of the mean; None of one molecule.
        molecules: number of molecules.
        tokens: mean number of SMILES tokens of a molecule, its end included, to which perplexity refers.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    nats: float
    error: float | None
    molecules: int
    tokens: float

    @property
    def perplexity(self) -> float:
        """Per SMILES token."""
        return math.exp(self.nats / self.tokens)


class Measured(BaseModel):
    """One row of the table, for one seed and one way of sampling.

    Attributes:
        row: name of the generator.
        seed: of training and sampling.
        sampling: settings other than the model's default.
        parameters: of the network.
        likelihood: of held-out molecules.
        attempts: raw attempts.
        calls: network calls per attempt.
        seconds: duration of sampling.
        validity: strict, per attempt.
        uniqueness: of the valid.
        novelty: of the unique.
        vun: valid, unique and novel, per attempt.
        fcd: to the held-out molecules.

    What cannot be computed, such as the uniqueness of no valid molecules, is None.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    row: str
    seed: int
    sampling: str
    parameters: int
    likelihood: Likelihood
    attempts: int
    calls: float
    seconds: float
    validity: float
    uniqueness: float | None
    novelty: float | None
    vun: float
    fcd: float | None

    @property
    def per_second(self) -> float:
        """Attempts per second."""
        return self.attempts / self.seconds

    @property
    def unique_valid_per_second(self) -> float:
        """Different valid molecules per second."""
        return self.per_second * self.validity * (self.uniqueness or 0.0)


_COLUMNS: tuple[tuple[str, Callable[[Measured], float | None], str], ...] = (
    ("nats per molecule", lambda m: m.likelihood.nats, ".2f"),
    ("calls", lambda m: m.calls, ".3g"),
    ("strict validity", lambda m: m.validity, ".4f"),
    ("uniqueness", lambda m: m.uniqueness, ".4f"),
    ("novelty", lambda m: m.novelty, ".4f"),
    ("V.U.N.", lambda m: m.vun, ".4f"),
    ("FCD", lambda m: m.fcd, ".3f"),
    ("molecules/s", lambda m: m.per_second, ".0f"),
    ("unique valid/s", lambda m: m.unique_valid_per_second, ".0f"),
)


def summary(found: Sequence[Measured]) -> list[tuple[str, ...]]:
    """The table, headers first: one line per generator and sampling setting, mean and standard deviation over seeds."""
    groups: dict[tuple[str, str], list[Measured]] = {}
    for measured in found:
        groups.setdefault((measured.row, measured.sampling), []).append(measured)
    lines = [("generator", "sampling", "parameters", "perplexity per token", *(name for name, _, _ in _COLUMNS))]
    for (row, sampling), group in groups.items():
        perplexity = [m.likelihood.perplexity for m in group]
        cells = [_spread([value(m) for m in group], form) for _, value, form in _COLUMNS]
        lines.append((row, sampling or "default", f"{group[0].parameters:,}", _spread(perplexity, ".3f"), *cells))
    return lines


def write_report(out: Path, plan: Plan, found: Sequence[Measured]) -> str:
    """``report.md``, ``report.csv`` and ``report.png`` in a folder; returns the text of the first."""
    lines = summary(found)
    rows = [lines[0], tuple("---" for _ in lines[0]), *lines[1:]]
    table = "".join(f"| {' | '.join(cells)} |\n" for cells in rows)
    seeds = ", ".join(map(str, plan.seeds)) + (" (mean ± standard deviation)" if len(plan.seeds) > 1 else "")
    text = (
        f"{plan.data}: {60 * plan.minutes:,.0f} seconds of training each; {plan.attempts:,} raw attempts; likelihood "
        f"({found[0].likelihood.molecules:,} molecules) and FCD of the {plan.split} split; seeds {seeds}. "
        f"Perplexity is that of {found[0].likelihood.tokens:.2f} SMILES tokens a molecule, its end counted, for all.\n"
    )
    with whole_file(out / REPORT_FILE) as temporary:
        temporary.write_text(f"{text}\n{table}")
    with whole_file(out / "report.csv") as temporary:
        to_pandas(found).to_csv(temporary, index=False)
    draw_comparison(out / "report.png", found)
    return f"{text}\n{table}"


def to_pandas(found: Sequence[Measured]) -> pandas.DataFrame:
    """Everything measured, one row per generator, seed and sampling setting."""
    import pandas

    rows = [
        {
            **measured.model_dump(exclude={"likelihood"}),
            **{f"likelihood_{name}": value for name, value in measured.likelihood.model_dump().items()},
            "unique_valid_per_second": measured.unique_valid_per_second,
        }
        for measured in found
    ]
    return pandas.DataFrame(rows)


def draw_comparison(path: Path, found: Sequence[Measured]) -> None:
    """Quality against speed: FCD and strict validity over different valid molecules per second."""
    with chart(path, (10, 4), panels=2, overwrite=True, dpi=120) as axes:
        for row in dict.fromkeys(measured.row for measured in found):
            group = sorted((m for m in found if m.row == row), key=lambda m: m.unique_valid_per_second)
            speed = [m.unique_valid_per_second for m in group]
            axes[0].plot(
                speed, [math.nan if m.fcd is None else m.fcd for m in group], marker="o", linestyle="none", label=row
            )
            axes[1].plot(speed, [m.validity for m in group], marker="o", linestyle="none", label=row)
        for axis, label in zip(axes, ("FCD (lower is better)", "strict validity"), strict=True):
            axis.set(xlabel="different valid molecules per second", ylabel=label)
            if any(measured.unique_valid_per_second > 0 for measured in found):  # a log scale needs something to show
                axis.set_xscale("log")
        if any(measured.fcd for measured in found):
            axes[0].set_yscale("log")
        axes[0].legend(fontsize=8)


def _spread(values: Sequence[float | None], form: str) -> str:
    known = [value for value in values if value is not None]
    if len(known) < len(values):
        return "-"
    text = f"{mean(known):{form}}"
    return text if len(known) < 2 else f"{text} ± {stdev(known):{form}}"
