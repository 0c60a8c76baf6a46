"""Choice of the sampling settings of a trained model on validation molecules."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, ValidationError

from molgen.comparison.scored import reference_for, sample_and_score
from molgen.datasets import load_dataset
from molgen.datasets.splits import VALIDATION, SplitConfig
from molgen.errors import MolgenError, UsageError
from molgen.evaluation import Reference
from molgen.models.directory import write_sampling
from molgen.models.generator import Generator
from molgen.models.sampling import SamplingConfig
from molgen.system.files import whole_file

TABLE_FILE, POINTS_FILE = "tuning.md", "tuning.json"
_SEED = 2_000_000
_CANDIDATES: dict[str, tuple[Any, ...]] = {
    "sampler": ("ancestral", "renoise", "flow"),
    "distortion": ("identity", "polydec"),
    "eta": (0.0, 5.0, 20.0),
    "omega": (0.0, 0.1),
    "temperature": (1.1, 1.0, 0.95, 0.9, 0.8),
    "top_p": (1.0, 0.98, 0.95),
    "guidance": (0.0, 0.7, 1.5),
}
_OF_FLOW = ("eta", "omega")
_BY_VARIABLE = ("temperature", "top_p", "guidance")

Say = Callable[[str], None]


class Point(BaseModel):
    """Metrics of one choice of sampling settings.

    Attributes:
        settings: fields of `SamplingConfig`; temperature and top-p by variable (atoms, bonds, tokens).
        attempts: raw attempts.
        validity: strict, per attempt.
        uniqueness: of the valid.
        novelty: of the unique.
        vun: valid, unique and novel, per attempt.
        fcd: to the validation molecules; None where it cannot be computed.
        calls: network calls per attempt.
    """

    model_config = ConfigDict(extra="ignore", frozen=True)  # files of former versions also hold speeds

    settings: dict[str, Any]
    attempts: int
    validity: float
    uniqueness: float | None
    novelty: float | None
    vun: float
    fcd: float | None
    calls: float


@dataclass(frozen=True)
class Aim:
    """What is optimised.

    Attributes:
        metric: the lowest FCD, or the highest V.U.N. or strict validity per attempt.
        validity: least strict validity; of points below it, that of the highest validity is best.
    """

    metric: Literal["fcd", "vun", "validity"] = "fcd"
    validity: float = 0.0

    def cost(self, point: Point) -> tuple[float, float]:
        """Cost to minimise, compared as a tuple: missing validity, then the metric."""
        value = getattr(point, self.metric)
        cost = math.inf if value is None else value if self.metric == "fcd" else -value
        return max(0.0, self.validity - point.validity), cost


class _Known(BaseModel):
    """Contents of `POINTS_FILE`: the reference, the sampling settings before tuning, and the points measured."""

    model_config = ConfigDict(extra="forbid")

    reference: str
    start: SamplingConfig
    points: list[Point] = []


def tune(
    directory: Path,
    reference: str,
    *,
    attempts: int = 2000,
    steps: Sequence[int] = (),
    tries: Sequence[dict[str, Any]] = (),
    aim: Aim = Aim(),
    split: SplitConfig | None = None,
    say: Say = lambda _: None,
) -> tuple[Point, str]:
    """Choose a model's sampling settings, and store them in its directory with the table of what was tried.

    Coordinate descent: one setting after the other takes its best value while the others stay. Metrics refer to the
    validation split, never to the test split. Points already measured are read from the directory. What is
    written there has no times, so that tuning again writes the same.

    Args:
        directory: of the model.
        reference: data set whose validation split is used.
        attempts: raw attempts per point.
        steps: numbers of network calls to choose from, for models with that setting; by default the model's own.
        tries: settings to choose from, instead of the search.
        aim: what is optimised.
        split: of the data set; by default `SplitConfig()`.
        say: called with one line per point.

    Returns:
        The best point, and the table in Markdown.

    Raises:
        UsageError: `steps` for a model without that setting.
        MolgenError: the directory holds no sound model, the data cannot be read, or nothing can be written.
    """
    model = Generator.from_pretrained(directory)
    if steps and "steps" not in model.settings:
        raise UsageError(f"a model of family {model.family} has no steps to choose: leave --steps out")
    tries = [_of_variables(settings, model.variables) for settings in tries]
    for settings in tries:
        model.sampling_with(**settings)
    search = _Search(model, directory, reference, attempts, split or SplitConfig(), say)
    if tries:
        found = [search.measure(settings) for settings in tries]
    else:
        found = [search.descend({} if number is None else {"steps": number}, aim) for number in steps or (None,)]
    best = min(found, key=aim.cost)
    table = search.table(best)
    with whole_file(directory / TABLE_FILE) as temporary:
        temporary.write_text(table)
    write_sampling(directory, model.sampling.replaced(**best.settings).model_dump())
    return best, table


class _Search:
    """Measures points and keeps them in the model's directory."""

    def __init__(
        self, model: Generator, directory: Path, reference: str, attempts: int, split: SplitConfig, say: Say
    ) -> None:
        self.model, self.attempts, self.say = model, attempts, say
        self.name = reference
        self.file = directory / POINTS_FILE
        self.known = _read(self.file, _Known(reference=reference, start=model.sampling))
        model.sampling = self.known.start
        self.reference = _validation(reference, split)

    def descend(self, start: dict[str, Any], aim: Aim) -> Point:
        """Coordinate descent from some settings."""
        best = self.measure(start)
        for name, values in self._candidates().items():
            sampler = best.settings.get("sampler", self.model.sampling.sampler)
            if (name in _OF_FLOW and sampler != "flow") or not SamplingConfig(sampler=sampler).uses(name):
                continue
            for variable in self._variables(name):
                points = [self.measure(_changed(best.settings, name, variable, value)) for value in values]
                best = min([best, *points], key=aim.cost)
        return best

    def _candidates(self) -> dict[str, tuple[Any, ...]]:
        found = {name: values for name, values in _CANDIDATES.items() if name in self.model.settings}
        blocks = tuple(dict.fromkeys(getattr(self.model.config, "blocks", ())))
        return {"block": blocks, **found} if len(blocks) > 1 else found

    def _variables(self, name: str) -> tuple[str | None, ...]:
        """Variables for which a setting is chosen separately; ``(None,)`` for a setting without variables."""
        return self.model.variables if name in _BY_VARIABLE else (None,)

    def measure(self, settings: dict[str, Any]) -> Point:
        """The point of some settings, measured unless it is known."""
        for point in self.known.points:
            if (point.settings, point.attempts) == (settings, self.attempts):
                return point
        scored = sample_and_score(self.model, self.attempts, _SEED, settings, self.reference)
        point = Point(
            settings=settings,
            attempts=self.attempts,
            calls=scored.attempts.calls,
            **scored.metrics,
        )
        self.known.points.append(point)
        with whole_file(self.file) as temporary:
            temporary.write_text(self.known.model_dump_json(indent=1) + "\n")
        self.say(f"{_line(point)}  {self.attempts / scored.seconds:.0f}/s")
        return point

    def table(self, best: Point) -> str:
        """Markdown."""
        head = ("settings", "attempts", "calls", "validity", "uniqueness", "novelty", "V.U.N.", "FCD")
        lines = [f"| {' | '.join(head)} |", "|---" * len(head) + "|"]
        for point in self.known.points:
            shown = f"**{_shown(point.settings)}**" if point == best else _shown(point.settings)
            metrics = (point.validity, point.uniqueness, point.novelty, point.vun)
            cells = [shown, f"{point.attempts:,}", f"{point.calls:.3g}", *map(_number, metrics)]
            lines.append(f"| {' | '.join([*cells, _number(point.fcd)])} |")
        title = f"Sampling settings tried on validation molecules of {self.name}; what was chosen is in bold.\n\n"
        return title + "\n".join(lines) + "\n"


def _validation(name: str, split: SplitConfig) -> Reference:
    dataset = load_dataset(name, split=split)
    if not dataset.report.splits.get(VALIDATION):
        raise MolgenError(f"{name} has no validation molecules to choose by")
    return reference_for(dataset, VALIDATION)


def _read(file: Path, empty: _Known) -> _Known:
    """Points measured earlier on the same reference."""
    if not file.exists():
        return empty
    try:
        known = _Known.model_validate_json(file.read_text())
    except (ValidationError, ValueError):
        raise MolgenError(f"{file} is damaged; remove it") from None
    return known if known.reference == empty.reference else empty


def _line(point: Point) -> str:
    return (
        f"{_shown(point.settings)}: validity {_number(point.validity)}  V.U.N. {_number(point.vun)}  "
        f"FCD {_number(point.fcd)}"
    )


def _shown(settings: dict[str, Any]) -> str:
    """Settings as text, such as ``sampler flow, temperature bonds 0.9``."""
    values = [
        (f"{name} {variable}", part)
        for name, value in settings.items()
        for variable, part in (value.items() if isinstance(value, dict) else [("", value)])
    ]
    return ", ".join(f"{name.strip()} {value}" for name, value in values) or "as it was"


def _of_variables(settings: dict[str, Any], variables: Sequence[str]) -> dict[str, Any]:
    """Settings without the variables that a model does not have."""
    return {
        name: {key: value for key, value in setting.items() if key in variables} if name in _BY_VARIABLE else setting
        for name, setting in settings.items()
    }


def _changed(settings: dict[str, Any], name: str, variable: str | None, value: Any) -> dict[str, Any]:
    return {**settings, name: value if variable is None else {**settings.get(name, {}), variable: value}}


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:.4f}"
