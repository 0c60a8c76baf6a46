"""What every generator of molecules answers, whatever it is inside."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Literal, NamedTuple, Self

import torch
from pydantic import BaseModel, ConfigDict, Field
from torch import Tensor, nn

from molgen.diffusion.process import Process
from molgen.diffusion.samplers import SAMPLERS, Confidence, Flow, Sampler, SamplerSettings
from molgen.diffusion.streams import Streams
from molgen.errors import MolgenError, UsageError
from molgen.hardware import parallel_map

if TYPE_CHECKING:
    from rdkit import Chem

Form = Literal["raw", "strict"]
"""What is wanted of an attempt: SMILES as it came out; or canonical SMILES, None where it is not strictly valid."""

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
        eta: stochasticity of the flow sampler, or of the order in which the confidence sampler uncovers.
        omega: target guidance of the flow sampler.
        remask: whether the confidence sampler may hide again what it uncovered.
        block: tokens that an any-order model uncovers before it goes on to those behind them; 0 for all; None for what
            it was trained on.
        template: what is given of a text, ``*`` standing for the rest.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    sampler: str = "renoise"
    steps: int = Field(50, ge=1)
    distortion: str = "identity"
    temperature: dict[str, float] = {}
    top_p: dict[str, float] = {}
    eta: float = Field(0.0, ge=0)
    omega: float = Field(0.0, ge=0)
    remask: bool = False
    block: int | None = Field(None, ge=0)
    template: str | None = None

    def build(self, process: Process | None = None) -> Sampler:
        """The sampler.

        Args:
            process: that it is to sample, where that is known.

        Raises:
            UsageError: an unknown sampler or distortion, a temperature or top-p out of range, or a sampler that
                does not fit the process.
        """
        if self.sampler not in SAMPLERS:
            raise UsageError(f"unknown sampler {self.sampler!r}; known: {', '.join(SAMPLERS)}")
        try:
            sampler = self._make(SamplerSettings(self.steps, self.distortion, self.temperature, self.top_p))
            if process is not None:
                sampler.check(process)
        except ValueError as error:
            raise UsageError(f"sampler {self.sampler!r}: {error}") from None
        return sampler

    def _make(self, settings: SamplerSettings) -> Sampler:
        if self.sampler == "flow":
            return Flow(settings, self.eta, self.omega)
        if self.sampler == "confidence":
            return Confidence(settings, self.eta, self.remask)
        return SAMPLERS[self.sampler](settings)


class Attempt(NamedTuple):
    """One attempt.

    Attributes:
        smiles: in the form asked for.
        calls: network calls that it took.
    """

    smiles: str | None
    calls: int


class Attempts(list[str]):
    """SMILES of raw attempts.

    Args:
        smiles: one per attempt.
        calls: network calls per attempt, on average.
    """

    def __init__(self, smiles: Sequence[str], calls: float) -> None:
        super().__init__(smiles)
        self.calls = calls


@dataclass
class Generated:
    """Molecules kept, and what they cost.

    Attributes:
        smiles: canonical SMILES, strictly valid and all different, in order of attempt.
        requested: molecules asked for.
        attempted: attempts up to the last one kept.
        valid: of those, strictly valid.
        unique: of those, different.
        calls: network calls, summed over attempts.
    """

    smiles: list[str] = field(default_factory=list)
    requested: int = 0
    attempted: int = 0
    valid: int = 0
    unique: int = 0
    calls: int = 0

    @property
    def kept(self) -> int:
        """Molecules kept."""
        return len(self.smiles)

    def add(self, attempt: Attempt, seen: set[str]) -> None:
        """Count one attempt in strict form, and keep it if it is new."""
        smiles = attempt.smiles
        self.attempted += 1
        self.calls += attempt.calls
        self.valid += smiles is not None
        if smiles is not None and smiles not in seen:
            seen.add(smiles)
            self.unique += 1
            self.smiles.append(smiles)

    def __str__(self) -> str:
        counts = ("requested", "attempted", "valid", "unique", "kept")
        shown = "  ".join(f"{name} {getattr(self, name):,}" for name in counts)
        return f"{shown}  network calls {self.calls / max(self.attempted, 1):.4g} each"


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
    def draw_sizes(self, streams: Streams, sampling: SamplingConfig) -> Tensor:
        """Size of each attempt ``(B,)`` int64, as often as in training; those of one size are sampled together."""

    @abstractmethod
    def sample_batch(self, size: int, streams: Streams, sampling: SamplingConfig, form: Form) -> list[Attempt]:
        """Attempts of one size, one per stream; nothing is repaired."""

    @abstractmethod
    def trace(self, seed: int = 0, **sampling: Any) -> list[Chem.Mol] | list[str]:
        """The states of one molecule, from noise to the end, drawn or written: the first strictly valid of `seed`.

        Args:
            seed: which molecule.
            **sampling: fields of `SamplingConfig` to override.

        Raises:
            MolgenError: none of the first attempts is valid.
        """

    def sample(
        self,
        examples: Sequence[int],
        seed: int,
        sampling: SamplingConfig,
        batch_size: int,
        form: Form,
        progress: Progress | None = None,
    ) -> list[Attempt]:
        """Draw the attempts numbered `examples`.

        Args:
            examples: numbers of the attempts.
            seed: with the number it decides the attempt.
            sampling: how.
            batch_size: molecules per network call.
            form: of the SMILES.
            progress: called with the number of attempts just finished.
        """
        numbers = torch.tensor(list(examples), dtype=torch.int64, device=self.device)
        rows_by_size: dict[int, list[int]] = defaultdict(list)
        for row, size in enumerate(self.draw_sizes(Streams.from_seed(seed, numbers), sampling).tolist()):
            rows_by_size[size].append(row)
        chunks = [
            (size, rows[begin : begin + batch_size])
            for size, rows in sorted(rows_by_size.items(), reverse=True)  # the longest work first
            for begin in range(0, len(rows), batch_size)
        ]

        def sample_chunk(chunk: tuple[int, list[int]]) -> list[Attempt]:
            size, rows = chunk
            return self.sample_batch(size, Streams.from_seed(seed, numbers[rows]), sampling, form)

        results: dict[int, Attempt] = {}
        for (_, rows), drawn in zip(chunks, parallel_map(sample_chunk, chunks, self.device), strict=True):
            results.update(zip(rows, drawn, strict=True))
            if progress is not None:
                progress(len(rows))
        return [results[row] for row in range(len(numbers))]

    def sampling_with(self, **overrides: Any) -> SamplingConfig:
        """The model's own way of sampling with some settings replaced; those that are None stay.

        Raises:
            UsageError: an unknown setting, a value out of range, or one that this kind of model does not know.
        """
        chosen = {key: value for key, value in overrides.items() if value is not None}
        try:
            config = SamplingConfig.model_validate({**self.sampling.model_dump(), **chosen})
        except ValueError as error:
            raise UsageError(f"bad sampling setting: {_first_line(error)}") from None
        config.build()
        self.check_sampling(config)
        return config

    def check_sampling(self, sampling: SamplingConfig) -> None:
        """Refuse what this kind of model cannot do.

        Raises:
            MolgenError: it cannot.
        """
        if sampling.template is not None:
            raise UsageError(f"a {self.kind} model takes no template; models of text do")

    def attempts(
        self,
        n: int,
        *,
        seed: int = 0,
        batch_size: int = 128,
        progress: Progress | None = None,
        **sampling: Any,
    ) -> Attempts:
        """SMILES of n raw attempts, invalid ones included, nothing filtered or repaired.

        Raises:
            UsageError: n below 1, or a bad sampling setting.
        """
        config = self._check(n, batch_size, sampling)
        drawn: list[Attempt] = []
        with self._evaluating():
            for start in range(0, n, WINDOW):
                window = range(start, min(start + WINDOW, n))
                drawn += self.sample(window, seed, config, batch_size, "raw", progress)
        return Attempts([attempt.smiles or "" for attempt in drawn], sum(attempt.calls for attempt in drawn) / n)

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
                for attempt in self.sample(window, seed, config, batch_size, "strict", progress):
                    result.add(attempt, seen)
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
