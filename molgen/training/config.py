"""The recipe of a run, from a TOML file and the command line; unknown keys are refused."""

from __future__ import annotations

from collections.abc import Mapping
from copy import deepcopy
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from molgen.errors import UsageError
from molgen.models.recipe import Recipe
from molgen.models.registry import Family, find_family
from molgen.system.faults import first_fault
from molgen.system.files import read_toml


def read_config(
    config: str | Path | Mapping[str, Any] | None,
    overrides: Mapping[str, Mapping[str, object]],
    family: str | None = None,
) -> Recipe:
    """A run's configuration from a file or tables, and from the command line or the arguments of a call, which win.

    Args:
        config: a TOML file, or its tables and keys; None for the defaults.
        overrides: by table and key; None values are ignored.
        family: of the registry; by default the one that the file names, or else ``graph``.

    Raises:
        UsageError: no such file, not TOML, an unknown key, a value out of range, another family.
    """
    raw, where = _tables(config)
    for table, values in overrides.items():
        chosen = {key: value for key, value in values.items() if value is not None}
        if not chosen:
            continue
        section = raw.setdefault(table, {})
        if not isinstance(section, dict):
            raise UsageError(f"{where}: {table} must be a table")
        if table == "optimiser":  # one length replaces the other
            for key in chosen.keys() & {"steps", "minutes"}:
                section.pop({"steps": "minutes", "minutes": "steps"}[key], None)
        section.update(chosen)
    if isinstance(raw.get("optimiser"), dict) and not raw["optimiser"].keys() & {"steps", "minutes"}:
        raw["optimiser"]["minutes"] = 60
    written = str(raw.get("family", family or "graph"))
    try:
        found = find_family(written)
    except UsageError as error:
        raise UsageError(f"{where}: {error}") from None
    if family is not None and found is not find_family(family):
        raise UsageError(f"{where}: it is of family {found.name}, not {family}")
    return recipe_of(found, raw, where)


def _tables(config: str | Path | Mapping[str, Any] | None) -> tuple[dict[str, Any], str]:
    """Tables of a configuration, to be changed, and where they come from."""
    if config is None:
        return {}, "configuration"
    if isinstance(config, Mapping):
        return deepcopy(dict(config)), "configuration"
    return read_toml(Path(config)), str(config)


def recipe_of(family: Family, settings: dict[str, Any], where: str) -> Recipe:
    """The recipe of a run of a family.

    Args:
        family: of the registry.
        settings: tables and keys of the recipe.
        where: they come from, for messages.

    Raises:
        UsageError: an unknown key, or a value out of range.
    """
    given, kind = {**settings, "family": family.name}, family.recipe_class()
    try:
        recipe: Recipe = kind.model_validate(given)
        return recipe
    except ValidationError as error:
        what = first_fault(error, kind, given)
        if error.errors()[0]["type"] == "missing" and error.errors()[0]["loc"][0] == "data":
            what += "; name what to learn from, by --data or in the table [data]"
        raise UsageError(f"{where}: {what}") from None
