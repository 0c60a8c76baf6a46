"""The plan of a comparison, read from a TOML file."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from molgen.errors import UsageError
from molgen.models.sampling import SamplingConfig
from molgen.system.files import read_toml
from molgen.training.config import MoleculesRun, RunConfig
from molgen.training.runs import RUNS


class Row(BaseModel):
    """One generator.

    Attributes:
        name: shown in the table.
        family: of `RUNS`.
        settings: tables of its run, such as ``network`` and ``process``; data, length and seed come from the plan.
        samplings: sampling settings to try, each some fields of `SamplingConfig`; one line of the table each.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str = Field(pattern=r"^[\w.-]+$")
    family: str
    settings: dict[str, Any] = {}
    samplings: tuple[dict[str, Any], ...] = Field(({},), min_length=1)


class Plan(BaseModel):
    """A comparison.

    Attributes:
        data: a named set or a file.
        minutes: training time of each row and seed.
        seeds: of training and sampling.
        attempts: raw attempts behind each metric.
        molecules: largest number of held-out molecules for the likelihood.
        split: whose molecules likelihood and FCD refer to: ``validation`` to choose by, ``test`` to publish.
        rows: what is compared.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    data: str = "qm9"
    minutes: float = Field(30.0, gt=0)
    seeds: tuple[int, ...] = Field((0,), min_length=1)
    attempts: int = Field(10_000, ge=1)
    molecules: int = Field(20_000, ge=1)
    split: Literal["validation", "test"] = "validation"
    rows: tuple[Row, ...] = Field(min_length=1)

    def run(self, row: Row, seed: int) -> RunConfig:
        """The training run of a row.

        Raises:
            UsageError: its settings are no valid run.
        """
        optimiser = {**row.settings.get("optimiser", {}), "minutes": self.minutes, "seed": seed}
        data = {**row.settings.get("data", {}), "name": self.data}
        raw = {**row.settings, "family": row.family, "data": data, "optimiser": optimiser}
        known = [name for name, run in RUNS.items() if issubclass(run, MoleculesRun)]
        if row.family not in known:
            raise UsageError(f"row {row.name}: unknown family {row.family!r}; of molecules: {', '.join(known)}")
        try:
            for sampling in row.samplings:
                SamplingConfig.model_validate(sampling)
            return RUNS[row.family].model_validate(raw)
        except ValidationError as error:
            first = error.errors()[0]
            raise UsageError(f"row {row.name}: {'.'.join(map(str, first['loc']))}: {first['msg']}") from None


_TIMED = {"width": 136}  # narrower, since time and length take parameters of their own
_CALLS = ({"steps": 5}, {"steps": 15}, {"steps": 50})


def default_plan(**values: Any) -> Plan:
    """Every family at about 1.5 million parameters; denoisers with several numbers of network calls.

    Args:
        **values: fields of `Plan` other than ``rows``; those that are None keep their defaults.

    Raises:
        UsageError: a value out of range.
    """
    muon = {"optimiser": {"method": "muon", "learning_rate": 2e-3}}
    masks = {"process": {"tokens": "absorbing", "schedule": "linear"}, "network": _TIMED, **muon}
    even = tuple({**calls, "distortion": "polydec"} for calls in _CALLS)
    first_hitting = {"sampler": "first-hitting"}
    rows = (
        Row(name="continuous", family="continuous", settings={"network": _TIMED, **muon}, samplings=_CALLS),
        Row(name="graph", family="graph", settings=muon, samplings=even),
        Row(name="graph-any-order", family="graph-any-order", settings=muon),
        Row(name="text-absorbing", family="text", settings=masks, samplings=(*_CALLS, first_hitting)),
        Row(name="text-any-order", family="any-order", settings=muon),
        Row(name="text-blocks", family="any-order", settings={"blocks": [2], **muon}),
        Row(name="autoregressive", family="autoregressive", settings=muon),
    )
    return _validated({**{key: value for key, value in values.items() if value is not None}, "rows": rows})


def read_plan(path: Path, **values: Any) -> Plan:
    """A plan from a TOML file; values that are not None win.

    Raises:
        UsageError: no such file, not TOML, an unknown key, a value out of range.
    """
    return _validated({**read_toml(path), **{key: value for key, value in values.items() if value is not None}})


def _validated(raw: dict[str, Any]) -> Plan:
    try:
        plan = Plan.model_validate(raw)
    except ValidationError as error:
        first = error.errors()[0]
        raise UsageError(f"{'.'.join(map(str, first['loc']))}: {first['msg']}") from None
    for row in plan.rows:
        plan.run(row, plan.seeds[0])
    if len({row.name for row in plan.rows}) < len(plan.rows):
        raise UsageError("two rows have the same name")
    return plan
