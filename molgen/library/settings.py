"""How a library is made: everything that decides which molecules are in it."""

from __future__ import annotations

import math
from collections.abc import Mapping
from importlib.metadata import version
from typing import Any

import pyarrow as pa
from pydantic import BaseModel, ConfigDict, Field

from molgen.constraints.conditions import Conditions
from molgen.library.columns import schema

LARGEST_SHARD, LEAST_SHARD = 8192, 64
_SHARDS = 4
"""That even a small library has, so that several processes have something to do."""


class Settings(BaseModel):
    """How a library is made. Attempt i of the same settings is the same molecule, whoever makes it.

    Attributes:
        model: name of a shipped model, or path of a model directory.
        weights_sha256: of its weights.
        seed: with the number of an attempt it decides the attempt.
        batch_size: molecules per network call.
        device: that sampling runs on.
        fragment: that molecules contain.
        properties: ranges by name that the model is asked for.
        atoms: range of the number of heavy atoms.
        collection: of training molecules, that molecules are to be like.
        known_rings: keep ring systems only that training molecules have.
        contains: SMARTS that each molecule has.
        without: SMARTS that no molecule has.
        filter: condition on the columns, in SQL.
        nearest: name of the set that the column ``nearest`` refers to.
        sampling: settings that differ from those stored with the model.
        shard_attempts: attempts of one shard.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    model: str
    weights_sha256: str
    seed: int = 0
    batch_size: int = Field(128, ge=1)
    device: str = "cpu"
    fragment: str | None = None
    properties: dict[str, str] = {}
    atoms: str | None = None
    collection: str | None = None
    known_rings: bool = False
    contains: tuple[str, ...] = ()
    without: tuple[str, ...] = ()
    filter: str | None = None
    nearest: str | None = None
    sampling: dict[str, Any] = {}
    shard_attempts: int = Field(LARGEST_SHARD, ge=1)

    def attempts(self, shard: int) -> range:
        """Numbers of the attempts of a shard.

        Example:
            >>> Settings(model="qm9-text", weights_sha256="", shard_attempts=100).attempts(2)
            range(200, 300)
        """
        return range(shard * self.shard_attempts, (shard + 1) * self.shard_attempts)

    @property
    def asked(self) -> str:
        """What the model is asked for, in one line; empty where it is nothing."""
        parts = {"fragment": self.fragment, **self.properties, "atoms": self.atoms, "collection": self.collection}
        return "; ".join(f"{name}={value}" for name, value in parts.items() if value is not None)

    @property
    def schema(self) -> pa.Schema:
        """Columns of the shards."""
        return schema(self.nearest is not None, bool(self.asked))

    def request(self) -> dict[str, Any]:
        """Arguments of `molgen.models.generator.Generator.request`."""
        names = ("seed", "batch_size", "fragment", "atoms", "collection", "known_rings", "contains", "without")
        return {**{name: getattr(self, name) for name in names}, "properties": self.properties or None, **self.sampling}


def written_conditions(
    fragment: object = None,
    properties: Mapping[str, object] | None = None,
    atoms: object = None,
    collection: str | None = None,
) -> dict[str, Any]:
    """Conditions in the form of `Settings`.

    Raises:
        UsageError: they cannot be read.
    """
    found = Conditions.of(fragment, properties, atoms, collection)  # type: ignore[arg-type]
    if found is None:
        return {}
    return {
        "fragment": None if found.fragment is None else found.fragment.text,
        "properties": {name: str(interval) for name, interval in found.properties.items()},
        "atoms": None if found.atoms is None else str(found.atoms),
        "collection": collection,
    }


def shard_size(n: int) -> int:
    """Attempts of a shard of a library of n molecules. It depends on n alone, so that the shards do too."""
    return max(LEAST_SHARD, min(LARGEST_SHARD, math.ceil(n / _SHARDS)))


def versions() -> dict[str, str]:
    """Versions of what decides the bytes of a shard."""
    names = {"molgen": "molgen-diffusion", "rdkit": "rdkit", "torch": "torch", "pyarrow": "pyarrow"}
    return {name: version(package) for name, package in names.items()}
