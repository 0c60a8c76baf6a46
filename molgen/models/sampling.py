"""How a model samples, as stored in its directory and as set on the command line."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Unpack

from pydantic import BaseModel, ConfigDict, ValidationError, field_validator
from torch import Tensor

from molgen.diffusion.process import Process
from molgen.diffusion.samplers import SAMPLERS, Confidence, Flow, Sampler, SamplerSettings, sharpened
from molgen.errors import UsageError
from molgen.models.settings import BY_KIND, KINDS, SamplingSettings, parse_by_kind
from molgen.system.bounds import Block, NotNegative, Steps
from molgen.system.faults import first_fault

DENOISING = frozenset({"sampler", "steps", "distortion", "temperature", "top_p", "eta", "omega", "remask"})
"""Settings of whatever denoises step by step."""

_SAMPLERS_WITH = {
    "steps": ("ancestral", "renoise", "flow", "confidence"),
    "distortion": ("ancestral", "renoise", "flow", "confidence"),
    "eta": ("flow", "confidence"),
    "omega": ("flow",),
    "remask": ("confidence",),
}
"""Settings that some samplers do not use."""


class SamplingConfig(BaseModel):
    """How a model samples. Stored with the model; any part can be overridden per call.

    Attributes:
        sampler: name in `SAMPLERS`.
        steps: network calls.
        distortion: of the time grid.
        temperature: by kind of variable.
        top_p: by kind of variable.
        guidance: by kind of variable, weight w of log p + w (log p - log p_unconditional), where properties are a
            condition; two network passes instead of one.
        eta: stochasticity of the flow sampler, or of the order in which the confidence sampler unmasks.
        omega: target guidance of the flow sampler.
        remask: whether the confidence sampler may mask variables again.
        block: tokens per block of an any-order model, unmasked in a random order; 0 for one block; None for the block
            of training.
        valence_guard: forbid bonds that exceed a valence and atoms without a bond, and draw again what RDKit refuses
            all the same, such as aromatic rings without alternating bonds. Part of the model's name in any benchmark.
        template: what is given of a text, ``*`` standing for the rest.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    sampler: str = "renoise"
    steps: Steps = 50
    distortion: str = "identity"
    temperature: dict[str, float] = {}
    top_p: dict[str, float] = {}
    guidance: dict[str, NotNegative] = {}
    eta: NotNegative = 0.0
    omega: NotNegative = 0.0
    remask: bool = False
    block: Block | None = None
    valence_guard: bool = False
    template: str | None = None

    @field_validator(*BY_KIND, mode="before")
    @classmethod
    def _by_kind(cls, value: object) -> dict[str, float]:
        return parse_by_kind(value)

    def uses(self, name: str) -> bool:
        """Whether the sampler uses a setting.

        Example:
            >>> SamplingConfig(sampler="renoise").uses("eta")
            False
        """
        return self.sampler in _SAMPLERS_WITH.get(name, (self.sampler,))

    def check_used(self, names: Iterable[str]) -> None:
        """Refuse settings that the sampler does not use.

        Args:
            names: of the settings that were asked for.

        Raises:
            UsageError: one of them would change nothing.
        """
        for name in names:
            if not self.uses(name):
                users = " or ".join(_SAMPLERS_WITH[name])
                raise UsageError(f"the sampler {self.sampler} has no {name} to set; choose the sampler {users}")

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
            settings = SamplerSettings(self.steps, self.distortion, self.temperature, self.top_p)
        except ValueError as error:
            raise UsageError(str(error)) from None
        try:
            sampler = self._make(settings)
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

    def probabilities(self, logits: Tensor, kind: str = "tokens") -> Tensor:
        """Probabilities of logits ``(..., K)`` after the temperature and top-p of a kind of variable."""
        return sharpened(logits, self.temperature.get(kind, 1.0), self.top_p.get(kind, 1.0))

    def replaced(self, *, kinds: Sequence[str] = KINDS, **overrides: Unpack[SamplingSettings]) -> SamplingConfig:
        """With some settings replaced; those that are None stay.

        Args:
            kinds: of variables that may be named.
            **overrides: fields. Of temperature, top-p and guidance the kinds that are not named stay.

        Raises:
            UsageError: an unknown setting or a value out of range.

        Example:
            >>> stored = SamplingConfig(temperature={"atoms": 1.25, "bonds": 0.9})
            >>> stored.replaced(temperature={"atoms": 1.0}).temperature
            {'atoms': 1.0, 'bonds': 0.9}
        """
        chosen: dict[str, Any] = {name: value for name, value in overrides.items() if value is not None}
        for name in BY_KIND:
            if name in chosen:
                try:
                    chosen[name] = {**getattr(self, name), **parse_by_kind(chosen[name], kinds)}
                except ValueError as error:
                    raise UsageError(f"bad sampling setting: {name}: {error}") from None
        given = {**self.model_dump(), **chosen}
        try:
            config = SamplingConfig.model_validate(given)
        except ValidationError as error:
            raise UsageError(f"bad sampling setting: {first_fault(error, SamplingConfig, given)}") from None
        config.build()
        return config
