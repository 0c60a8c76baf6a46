"""Ways of sampling by name, so that a setting that was measured can be asked for without repeating its numbers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from molgen.errors import UsageError
from molgen.models.sampling import SamplingConfig

CLOSE, BENCHMARK = "close", "benchmark"


def preset(name: str, stored: Mapping[str, SamplingConfig], default: SamplingConfig) -> SamplingConfig:
    """A way of sampling by name.

    Every model has two: ``close``, the one whose molecules are closest to those it was trained on, and ``benchmark``,
    the one that its published figures were measured with. Where a model states neither, ``benchmark`` is its default
    and ``close`` its default without temperatures above 1.

    Args:
        name: of the preset.
        stored: those that the model states.
        default: how the model samples where nothing is asked for.

    Raises:
        UsageError: there is no such preset.

    Example:
        >>> hot = SamplingConfig(temperature={"atoms": 1.25, "bonds": 0.95})
        >>> preset("close", {}, hot).temperature
        {'atoms': 1.0, 'bonds': 0.95}
    """
    known = {CLOSE: close(default), BENCHMARK: default, **stored}
    if name not in known:
        raise UsageError(f"there is no preset {name!r}; this model has {', '.join(known)}")
    return known[name]


def close(sampling: SamplingConfig) -> SamplingConfig:
    """With temperatures above 1, which are chosen for variety, back at 1; on those below 1 validity may rest."""
    temperature = {kind: min(value, 1.0) for kind, value in sampling.temperature.items()}
    return sampling.model_copy(update={"temperature": temperature})


def read_preset(default: SamplingConfig, settings: Mapping[str, Any]) -> SamplingConfig:
    """A preset as a model directory states it: the settings that differ from the default.

    Raises:
        ValueError: they are no settings.
        UsageError: a value out of range.
    """
    found = SamplingConfig.model_validate({**default.model_dump(), **settings})
    found.build()
    return found


def written_preset(default: SamplingConfig, chosen: SamplingConfig) -> dict[str, Any]:
    """A preset as a model directory states it."""
    before = default.model_dump()
    return {name: value for name, value in chosen.model_dump().items() if value != before[name]}
