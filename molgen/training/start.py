"""What a run takes over from the model that it starts from."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel

from molgen.errors import UsageError
from molgen.models.base import Model
from molgen.training.config import RunConfig

_FIXED = ("process", "gaussian", "block", "network")
"""What weights were made for. How they are trained, such as on which blocks, a run may change."""


def taking_over(config: RunConfig, init_from: str) -> RunConfig:
    """A run with the shape, the noise and, unless it says otherwise, the blocks of the model that it starts from.

    Raises:
        UsageError: the run asks for another shape or noise; or there is no such model.
        MolgenError: the model is damaged.
    """
    model: Model = Model.from_pretrained(init_from)
    own = {name: getattr(model.config, name) for name in (*_FIXED, "blocks") if hasattr(model.config, name)}
    if hasattr(model.config, "denoiser"):
        own["network"] = model.config.denoiser
    found: dict[str, Any] = {}
    for name in type(config).model_fields.keys() & own.keys():
        given = getattr(config, name)
        if name in _FIXED:
            if name in config.model_fields_set:
                _refuse_changes(name, given, own[name], init_from)
            found[name] = _like(given, own[name])
        elif name not in config.model_fields_set:
            found[name] = own[name]
    return config.model_copy(update=found)


def _refuse_changes(name: str, given: Any, own: Any, init_from: str) -> None:
    pairs = {name: (given, own)}
    if isinstance(given, BaseModel):
        pairs = {f"{name}.{key}": (getattr(given, key), getattr(own, key, None)) for key in given.model_fields_set}
    for key, (asked, has) in pairs.items():
        if asked != has:
            raise UsageError(f"{key} is {has} in {init_from}, and not to be changed to {asked}: leave it out")


def _like(given: Any, own: Any) -> Any:
    """The model's value as the run's type, which may have fewer fields."""
    if not isinstance(given, BaseModel):
        return own
    return type(given).model_validate(own.model_dump(include=set(type(given).model_fields)))
