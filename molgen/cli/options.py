"""Options shared by several verbs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from molgen.errors import UsageError
from molgen.models.sampling import KINDS, SamplingConfig

if TYPE_CHECKING:
    from molgen.models.generator import Generator


def by_kind(text: str | None, option: str) -> dict[str, float] | None:
    """``0.7`` for every kind of variable, or ``atoms=0.8,bonds=0.6``.

    Raises:
        UsageError: neither.
    """
    if text is None:
        return None
    try:
        if "=" not in text:
            return dict.fromkeys(KINDS, float(text))
        pairs = [part.split("=") for part in text.split(",")]
        values = {kind.strip(): float(value) for kind, value in pairs}
    except ValueError:
        raise UsageError(f"{option} takes a number or {KINDS[0]}=X,{KINDS[1]}=Y, not {text!r}") from None
    unknown = values.keys() - set(KINDS)
    if unknown:
        raise UsageError(f"{option}: unknown kind {sorted(unknown)[0]!r}; known: {', '.join(KINDS)}")
    return values


def sampling_settings(text: str, option: str) -> dict[str, Any]:
    """Fields of `SamplingConfig` from ``steps=20 temperature=0.9 top_p=bonds=0.95``.

    Raises:
        UsageError: not so written, an unknown setting, or a value out of range.
    """
    found: dict[str, Any] = {}
    for part in text.split():
        name, _, value = part.partition("=")
        if name not in SamplingConfig.model_fields or not value:
            raise UsageError(f"{option} takes settings such as 'steps=20 temperature=0.9', not {part!r}")
        found[name] = by_kind(value, f"{option} {name}") if name in ("temperature", "top_p", "guidance") else value
    config = SamplingConfig().replaced(**found)
    return {name: getattr(config, name) for name in found}


def to_device(generator: Generator, device: str) -> Generator:
    """Move a generator.

    Raises:
        UsageError: there is no such device here.
    """
    import torch

    try:
        return generator.to(torch.device(device))
    except (RuntimeError, AssertionError) as error:
        raise UsageError(f"cannot use the device {device!r}: {str(error).splitlines()[0]}") from None
