"""Options shared by several verbs."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import typer

from molgen.errors import UsageError
from molgen.models.sampling import SamplingConfig

if TYPE_CHECKING:
    from molgen.models.generator import Generator


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
        found[name] = value
    config = SamplingConfig().replaced(**found)
    return {name: getattr(config, name) for name in found}


def to_device(generator: Generator, device: str) -> Generator:
    """Move a generator.

    Raises:
        UsageError: there is no such device here.
    """
    import torch

    try:
        chosen = torch.device(device)
        if chosen.type == "meta":
            raise RuntimeError("it holds shapes and no numbers")
        return generator.to(chosen)
    except (RuntimeError, AssertionError) as error:
        raise UsageError(f"cannot use the device {device!r}: {str(error).splitlines()[0]}") from None


def refuse_given(context: typer.Context, names: Iterable[str], message: str) -> None:
    """Refuse options that would do nothing.

    Args:
        context: of the command.
        names: of its parameters.
        message: with {} where the option stands.

    Raises:
        UsageError: one of them was given on the command line.
    """
    for name in names:
        source = context.get_parameter_source(name)
        if source is not None and source.name == "COMMANDLINE":
            option = {"n": "number", "properties": "property"}.get(name, name).replace("_", "-")
            raise UsageError(message.format(f"--{option}"))
