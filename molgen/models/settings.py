"""Sampling settings as people write them, in Python, in configuration files and on the command line."""

from __future__ import annotations

import inspect
import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any, ParamSpec, TypedDict, TypeVar, get_type_hints

P = ParamSpec("P")
R = TypeVar("R")

KINDS = ("atoms", "bonds", "tokens")
"""Of variables; a model has some of them."""

ByKind = float | str | Mapping[str, float]
"""One number for all kinds of variables, or numbers by kind: ``{"atoms": 0.8}``, on the command line ``atoms=0.8``."""

BY_KIND = ("temperature", "top_p", "guidance")
"""Settings that have a value for each kind of variable."""


class SamplingSettings(TypedDict, total=False):
    """Settings of `SamplingConfig` as keyword arguments; those left out or None stay as stored with the model.

    `preset` names stored settings to begin from, see `molgen.models.presets`; the others override them.
    """

    preset: str | None
    sampler: str | None
    steps: int | None
    distortion: str | None
    temperature: ByKind | None
    top_p: ByKind | None
    guidance: ByKind | None
    eta: float | None
    omega: float | None
    remask: bool | None
    block: int | None
    valence_guard: bool | None
    template: str | None


def parse_by_kind(value: object, kinds: Sequence[str] = KINDS) -> dict[str, float]:
    """A setting by kind of variable.

    Args:
        value: a number for all kinds, numbers by kind, or either as text: ``0.7``, ``atoms=0.8,bonds=0.6``.
        kinds: those there are.

    Raises:
        ValueError: none of these, or an unknown kind.

    Example:
        >>> parse_by_kind("atoms=0.8,bonds=0.6")
        {'atoms': 0.8, 'bonds': 0.6}
        >>> parse_by_kind(0.9, ("atoms", "bonds"))
        {'atoms': 0.9, 'bonds': 0.9}
    """
    pairs = _pairs(value, kinds)
    unknown = [kind for kind in pairs if kind not in kinds]
    if unknown:
        raise ValueError(f"unknown kind {unknown[0]!r}; known: {', '.join(kinds)}")
    try:
        values = {kind: float(number) for kind, number in pairs.items()}
    except (TypeError, ValueError):
        raise ValueError(_expected(value, kinds)) from None
    if not all(math.isfinite(number) for number in values.values()):
        raise ValueError(_expected(value, kinds))
    return values


def _pairs(value: object, kinds: Sequence[str]) -> dict[str, Any]:
    if isinstance(value, Mapping):
        return dict(value)
    if not isinstance(value, str) or "=" not in value:
        return dict.fromkeys(kinds, value)
    pairs = [part.split("=") for part in value.split(",")]
    if any(len(pair) != 2 for pair in pairs):
        raise ValueError(_expected(value, kinds))
    return {kind.strip(): number for kind, number in pairs}


def _expected(value: object, kinds: Sequence[str]) -> str:
    return f"takes a number or {','.join(f'{kind}=X' for kind in kinds[:2])}, not {str(value)!r}"


def names_settings(function: Callable[P, R]) -> Callable[P, R]:
    """Show the fields of `SamplingSettings` in the signature of a function that takes them as ``**settings``.

    Type checkers read them from ``Unpack``; `help` and completion in notebooks read the signature.
    """
    signature = inspect.signature(function)
    named = [
        inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=None, annotation=hint)
        for name, hint in get_type_hints(SamplingSettings).items()
    ]
    others = [parameter for parameter in signature.parameters.values() if parameter.kind is not parameter.VAR_KEYWORD]
    function.__signature__ = signature.replace(parameters=[*others, *named])  # type: ignore[attr-defined]
    return function
