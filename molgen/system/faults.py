"""Faults of settings, in one line that says which setting, and what there is instead."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from difflib import get_close_matches
from typing import Any, get_args

from pydantic import BaseModel, ValidationError

_TYPES = {
    "a valid string": "a text",
    "a valid number": "a number",
    "a valid integer": "a whole number",
    "a valid boolean": "true or false",
    "a valid tuple": "a list",
    "a valid list": "a list",
    "a valid dictionary": "a table",
}
"""What pydantic calls the types of TOML."""


def choices(given: str, known: Iterable[str]) -> str:
    """What there is instead of a name that there is not, to stand behind a message.

    Example:
        >>> choices("wieght", ["name", "weight"]), choices("x", ["name", "weight"])
        ('; did you mean weight? There are name, weight', '; there are name, weight')
    """
    names = list(known)
    lower = {name.lower(): name for name in names}
    near = get_close_matches(given.lower(), lower, n=1)
    there = f"here are {', '.join(names)}"
    return f"; did you mean {lower[near[0]]}? T{there}" if near else f"; t{there}"


def first_fault(error: ValidationError, model: type[BaseModel], given: object) -> str:
    """The fault that explains most of those that were found: a name that is unknown, or else the first.

    Entries of lists are counted from 1, and have their name and type behind them.

    Args:
        error: of `model`.
        model: of the settings.
        given: the settings.

    Example:
        >>> class Plan(BaseModel, extra="forbid"):
        ...     seeds: tuple[int, ...]
        >>> for given in ({"seed": 1}, {"seeds": [1, "a"]}):
        ...     try:
        ...         Plan.model_validate(given)
        ...     except ValidationError as error:
        ...         print(first_fault(error, Plan, given))
        there is no setting 'seed'; did you mean seeds? There are seeds
        seed 2 must be a whole number, not 'a'
    """
    fault = min(error.errors(include_url=False), key=lambda one: one["type"] != "extra_forbidden")
    loc, kind, value = fault["loc"], fault["type"], fault["input"]
    if kind in ("extra_forbidden", "missing"):
        loc = loc[:-1]
    words, models = _place(loc, model, given)
    if kind == "extra_forbidden":
        name = str(fault["loc"][-1])
        text = f"there is no setting {name!r}{choices(name, map(str, _fields(models)))}"
    elif kind == "missing":
        text = f"the setting {fault['loc'][-1]} is missing"
    elif kind == "union_tag_not_found":
        text = f"its type is missing; there are {', '.join(_tags(models))}"
    elif kind == "union_tag_invalid":
        text = f"there is no type {fault['ctx']['tag']!r}{choices(str(fault['ctx']['tag']), _tags(models))}"
    elif kind == "value_error":
        text = fault["msg"].removeprefix("Value error, ")
    else:
        text = f"{words.pop() if words else 'it'} {_wanted(fault['msg'])}, not {_shown(value)}"
    return f"{', '.join(words)}: {text}" if words else text


def _place(loc: Sequence[int | str], model: type[BaseModel], given: Any) -> tuple[list[str], list[type[BaseModel]]]:
    """The place of a fault in words, and models of what stands there."""
    words: list[str] = []
    models = [model]
    for part in loc:
        if isinstance(part, str) and len(models) > 1:  # one of several types
            models = [one for one in models if part in _tags([one])]
            name = given.get("name") if isinstance(given, Mapping) else None
            words[-1] += f" ({name}, {part})" if name else f" ({part})"
            continue
        if isinstance(part, int) and words:
            words[-1] = f"{words[-1].removesuffix('s')} {part + 1}"
        else:
            fields = _fields(models)
            models = list(_models(fields[part])) if part in fields else []
            words.append(str(part))
        given = _inside(given, part)
    return words, models


def _inside(given: Any, part: int | str) -> Any:
    try:
        return given[part]
    except (LookupError, TypeError):
        return None


def _fields(models: Iterable[type[BaseModel]]) -> dict[int | str, Any]:
    """Types of settings by name, as they are written in a file."""
    return {field.alias or name: field.annotation for one in models for name, field in one.model_fields.items()}


def _models(annotation: Any) -> Iterator[type[BaseModel]]:
    """Models in a type."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for inner in get_args(annotation):
        yield from _models(inner)


def _tags(models: Iterable[type[BaseModel]]) -> list[str]:
    return [tag for one in models for tag in get_args(one.model_fields["type"].annotation)]


def _wanted(message: str) -> str:
    """What a setting must be, from a message such as ``Input should be a valid integer, unable to parse ...``."""
    if "not a valid path" in message:
        return "must be a path"
    found = re.match(r"(?:Input|Tuple|List|String|Value) should (.*)", message)
    if found is None:
        return f"is wrong ({message})"
    text = (
        re.split(r", | after validation| or (?:instance of|object to)", found[1])[0]
        if "'" not in found[1]
        else found[1]
    )
    for old, new in _TYPES.items():
        text = text.replace(old, new)
    return f"must {text}"


def _shown(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:57]}..."
