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


class FineTuningOptions(TypedDict, total=False):
    """Options of `molgen.fine_tune`; for those left out or None see `molgen.training.finetune`.

    `minutes` and `steps` are the longest training, `learning_rate` its peak, `batch_size` molecules per step, `seed`
    that of order, noise and the molecules held out, `column` that of a table. `desalt` keeps the largest organic
    component of salts and mixtures, which are left out otherwise.
    """

    minutes: float | None
    steps: int | None
    learning_rate: float | None
    batch_size: int | None
    seed: int | None
    column: str | None
    desalt: bool | None


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


def names_fields(fields: type[Mapping[str, object]]) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Show the fields of a `TypedDict` in the signature of a function that takes them as ``**options``.

    Type checkers read them from ``Unpack``; `help` and completion in notebooks read the signature.
    """

    def named(function: Callable[P, R]) -> Callable[P, R]:
        signature = inspect.signature(function)
        added = [
            inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=None, annotation=hint)
            for name, hint in get_type_hints(fields).items()
        ]
        others = [each for each in signature.parameters.values() if each.kind is not each.VAR_KEYWORD]
        function.__signature__ = signature.replace(parameters=[*others, *added])  # type: ignore[attr-defined]
        return function

    return named


names_settings = names_fields(SamplingSettings)
"""For functions that take `SamplingSettings`."""
