"""What every generator of molecules answers, whatever it is inside."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Self, TypeVar

import torch
from pydantic import BaseModel, ConfigDict, Field
from torch import Tensor, nn

from molgen.chem.strict import raw_smiles, strict_smiles
from molgen.diffusion.samplers import SAMPLERS, Flow, Sampler, SamplerSettings
from molgen.diffusion.streams import Streams
from molgen.errors import MolgenError, UsageError

if TYPE_CHECKING:
    from rdkit import Chem

T = TypeVar("T")

Progress = Callable[[int], None]
"""Called with a number of molecules just finished."""

WINDOW = 16384
"""Attempts sampled together. Results do not depend on it; speed does, since a batch holds one size only."""


class SamplingConfig(BaseModel):
    """How a model samples. Stored with the model; any part can be overridden per call.

    Attributes:
        sampler: name in `SAMPLERS`.
        steps: network calls.
        distortion: of the time grid.
        temperature: by kind of variable.
        top_p: by kind of variable.
        eta: stochasticity of the flow sampler.
        omega: target guidance of the flow sampler.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    sampler: str = "renoise"
    steps: int = Field(50, ge=1)
    distortion: str = "identity"
    temperature: dict[str, float] = {}
    top_p: dict[str, float] = {}
    eta: float = Field(0.0, ge=0)
    omega: float = Field(0.0, ge=0)

    def build(self) -> Sampler:
        """The sampler.

        Raises:
            UsageError: an unknown sampler or distortion, a temperature or top-p out of range.
        """
        if self.sampler not in SAMPLERS:
            raise UsageError(f"unknown sampler {self.sampler!r}; known: {', '.join(SAMPLERS)}")
        try:
            settings = SamplerSettings(self.steps, self.distortion, self.temperature, self.top_p)
        except ValueError as error:
            raise UsageError(str(error)) from None
        if self.sampler == "flow":
            return Flow(settings, self.eta, self.omega)
        return SAMPLERS[self.sampler](settings)


@dataclass
class Generated:
    """Molecules kept, and how many attempts they cost.

    Attributes:
        smiles: canonical SMILES, strictly valid and all different, in order of attempt.
        requested: molecules asked for.
        attempted: attempts up to the last one kept.
        valid: of those, strictly valid.
        unique: of those, different.
    """

    smiles: list[str] = field(default_factory=list)
    requested: int = 0
    attempted: int = 0
    valid: int = 0
    unique: int = 0

    @property
    def kept(self) -> int:
        """Molecules kept."""
        return len(self.smiles)

    def add(self, smiles: str | None, seen: set[str]) -> None:
        """Count one attempt, None being an invalid one, and keep it if it is new."""
        self.attempted += 1
        self.valid += smiles is not None
        if smiles is not None and smiles not in seen:
            seen.add(smiles)
            self.unique += 1
            self.smiles.append(smiles)

    def __str__(self) -> str:
        counts = ("requested", "attempted", "valid", "unique", "kept")
        return "  ".join(f"{name} {getattr(self, name):,}" for name in counts)


class Generator(nn.Module, ABC):
    """A trained or trainable generator.

    Attributes:
        kind: name under which model directories say what they hold.
        config: everything needed to build it again.
        sampling: how it samples unless told otherwise.
    """

    kind: ClassVar[str]
    config: BaseModel
    sampling: SamplingConfig

    @classmethod
    @abstractmethod
    def from_config(cls, config: dict[str, Any]) -> Self:
        """Build an untrained generator.

        Raises:
            MolgenError: the configuration does not fit.
        """

    @abstractmethod
    def loss(self, batch: Any, streams: Streams, objective: str) -> dict[str, Tensor]:
        """Training loss by kind of variable, nats, ``(B,)`` each."""

    @abstractmethod
    def bound(self, batch: Any, streams: Streams) -> Tensor:
        """Estimated upper bound on - log p(molecule), size included, nats, ``(B,)``."""

    @abstractmethod
    def sample(
        self,
        examples: Sequence[int],
        seed: int,
        sampling: SamplingConfig,
        batch_size: int,
        read: Callable[[Chem.Mol], T],
        progress: Progress | None = None,
    ) -> list[T]:
        """Draw the attempts numbered `examples`, and read each drawing, which is neither sanitised nor repaired.

        Args:
            examples: numbers of the attempts.
            seed: with the number it decides the attempt.
            sampling: how.
            batch_size: molecules per network call.
            read: what is wanted of a drawing, such as `strict_smiles`; called beside the sampling of others.
            progress: called with the number of attempts just finished.
        """

    @abstractmethod
    def trace(self, seed: int = 0, **sampling: Any) -> list[Chem.Mol]:
        """The states of one molecule, from noise to the finished drawing: the first strictly valid attempt of `seed`.

        Args:
            seed: which molecule.
            **sampling: fields of `SamplingConfig` to override.

        Raises:
            MolgenError: none of the first attempts is valid.
        """

    def sampling_with(self, **overrides: Any) -> SamplingConfig:
        """The model's own way of sampling with some settings replaced; those that are None stay.

        Raises:
            UsageError: an unknown setting or a value out of range.
        """
        chosen = {key: value for key, value in overrides.items() if value is not None}
        try:
            config = SamplingConfig.model_validate({**self.sampling.model_dump(), **chosen})
        except ValueError as error:
            raise UsageError(f"bad sampling setting: {_first_line(error)}") from None
        config.build()
        return config

    def attempts(
        self,
        n: int,
        *,
        seed: int = 0,
        batch_size: int = 128,
        progress: Progress | None = None,
        **sampling: Any,
    ) -> list[str]:
        """SMILES of n raw attempts, invalid ones included, nothing filtered or repaired.

        Raises:
            UsageError: n below 1, or a bad sampling setting.
        """
        config = self._check(n, batch_size, sampling)
        smiles: list[str] = []
        with self._evaluating():
            for start in range(0, n, WINDOW):
                window = range(start, min(start + WINDOW, n))
                smiles += self.sample(window, seed, config, batch_size, raw_smiles, progress)
        return smiles

    def generate(
        self,
        n: int,
        *,
        seed: int = 0,
        batch_size: int = 128,
        max_attempts: int | None = None,
        progress: Progress | None = None,
        **sampling: Any,
    ) -> Generated:
        """n molecules, strictly valid and all different.

        Args:
            n: molecules to keep.
            seed: results depend on it, not on `batch_size`.
            batch_size: molecules per network call.
            max_attempts: give up after so many; by default 20 n + 1,000.
            progress: called with the number of attempts just sampled.
            **sampling: fields of `SamplingConfig` to override.

        Raises:
            UsageError: n below 1, or a bad sampling setting.
            MolgenError: `max_attempts` were not enough.
        """
        config = self._check(n, batch_size, sampling)
        limit = max_attempts if max_attempts is not None else 20 * n + 1000
        result, seen = Generated(requested=n), set[str]()
        with self._evaluating():
            while result.attempted < limit:
                missing = n - result.kept
                size = min(WINDOW, missing + missing // 8 + 8, limit - result.attempted)
                window = range(result.attempted, result.attempted + size)
                for smiles in self.sample(window, seed, config, batch_size, strict_smiles, progress):
                    result.add(smiles, seen)
                    if result.kept == n:
                        return result
        raise MolgenError(
            f"only {result.kept} of {n} molecules after {limit} attempts; ask for fewer, "
            "sample with more steps, or train the model longer"
        )

    def _check(self, n: int, batch_size: int, sampling: dict[str, Any]) -> SamplingConfig:
        if n < 1:
            raise UsageError(f"the number of molecules must be at least 1, got {n}")
        if batch_size < 1:
            raise UsageError(f"the batch size must be at least 1, got {batch_size}")
        return self.sampling_with(**sampling)

    @contextmanager
    def _evaluating(self) -> Iterator[None]:
        training = self.training
        self.eval()
        try:
            yield
        finally:
            self.train(training)

    def save_pretrained(self, path: str | Path, card: str = "", overwrite: bool = False) -> None:
        """Write a model directory: ``config.json``, ``model.safetensors``, ``README.md``.

        Raises:
            MolgenError: it cannot be written, or exists and `overwrite` is false.
        """
        from molgen.pretrained import write_model

        write_model(self, Path(path), card, overwrite)

    @classmethod
    def from_pretrained(cls, name: str | Path) -> Self:
        """Read a model directory, or a model that ships with molgen, by name.

        Raises:
            MolgenError: it is not a sound model of this kind.
        """
        from molgen.pretrained import load

        model = load(name)
        if not isinstance(model, cls):
            raise MolgenError(f"{name} holds a {model.kind} model, not a {cls.kind} model")
        return model

    @property
    def device(self) -> torch.device:
        """Where the parameters are."""
        return next(self.parameters()).device


def _first_line(error: Exception) -> str:
    from pydantic import ValidationError

    if isinstance(error, ValidationError):
        first = error.errors()[0]
        return f"{'.'.join(map(str, first['loc'])) or 'settings'}: {first['msg']}"
    return str(error).splitlines()[0]
