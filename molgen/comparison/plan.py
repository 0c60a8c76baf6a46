"""What is compared, as a TOML file states it."""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from molgen.errors import UsageError
from molgen.models.recipe import MoleculesRecipe
from molgen.models.registry import FAMILIES, find_family
from molgen.models.sampling import SamplingConfig
from molgen.system.faults import first_fault
from molgen.system.files import read_toml

_MINUTES = {"s": 1 / 60, "m": 1.0, "h": 60.0}
"""In the units of a budget."""

_Settings = TypeVar("_Settings", bound=BaseModel)


class Row(BaseModel):
    """One generator.

    Attributes:
        name: shown in the table.
        family: of the registry, one that generates molecules.
        settings: tables of its run, such as ``network`` and ``process``; data, length and seed come from the plan.
        samplings: ways to sample, each a column of fields of `SamplingConfig`.
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
        minutes: of training for each row and seed.
        seeds: of training and sampling.
        attempts: raw attempts that each metric rests on.
        molecules: held-out molecules that the likelihood rests on, at most.
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

    def run(self, row: Row, seed: int) -> MoleculesRecipe:
        """The training run of a row.

        Raises:
            UsageError: its settings do not make one.
        """
        optimiser = {**row.settings.get("optimiser", {}), "minutes": self.minutes, "seed": seed}
        data = {**row.settings.get("data", {}), "name": self.data}
        known = [family.name for family in FAMILIES.values() if family.molecules]
        try:
            family = find_family(row.family)
        except UsageError as error:
            raise UsageError(f"row {row.name}: {error}") from None
        if not family.molecules:
            raise UsageError(f"row {row.name}: {family.name} generates no molecules; those that do: {', '.join(known)}")
        raw = {**row.settings, "family": family.name, "data": data, "optimiser": optimiser}
        for sampling in row.samplings:
            _checked(SamplingConfig, sampling, f"row {row.name}, sampling: ")
        recipe: MoleculesRecipe = _checked(family.recipe_class(), raw, f"row {row.name}: ")
        return recipe


def parse_budget(text: str) -> float:
    """Minutes of a training time, such as ``90s``, ``30m`` or ``2h``.

    Raises:
        UsageError: not so written, or not above zero.

    Example:
        >>> parse_budget("90s")
        1.5
    """
    try:
        minutes = float(text[:-1]) * _MINUTES[text[-1]]
    except (ValueError, KeyError, IndexError):
        raise UsageError(f"the budget is a number and a unit, such as 90s, 30m or 2h, not {text!r}") from None
    if not 0 < minutes < math.inf:
        raise UsageError(f"the budget must be positive, got {text!r}")
    return minutes


def default_plan(**values: Any) -> Plan:
    """Every family at about 1.5 million parameters, as it samples by default and with fewer and more network calls.

    Args:
        **values: fields of `Plan` other than ``rows``; those that are None keep their defaults.

    Raises:
        UsageError: a value out of range.
    """
    rows = tuple(
        Row(name=name, family=family.name, **fields)
        for family in FAMILIES.values()
        if family.molecules
        for name, fields in family.recipe_class().comparison.items()
    )
    return _validated({**{key: value for key, value in values.items() if value is not None}, "rows": rows})


def read_plan(config: str | Path | Mapping[str, Any], **values: Any) -> Plan:
    """A plan from a TOML file, or from its keys as a dictionary; values that are not None win.

    Raises:
        UsageError: no such file, not TOML, an unknown key, a value out of range.
    """
    raw = config if isinstance(config, Mapping) else read_toml(Path(config))
    return _validated({**raw, **{key: value for key, value in values.items() if value is not None}})


def _checked(kind: type[_Settings], given: Mapping[str, Any], where: str = "") -> _Settings:
    try:
        return kind.model_validate(given)
    except ValidationError as error:
        raise UsageError(f"{where}{first_fault(error, kind, given)}") from None


def _validated(raw: dict[str, Any]) -> Plan:
    plan = _checked(Plan, raw)
    for row in plan.rows:
        plan.run(row, plan.seeds[0])
    if len({row.name for row in plan.rows}) < len(plan.rows):
        raise UsageError("two rows have the same name")
    return plan
