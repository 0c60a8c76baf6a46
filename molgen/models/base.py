"""The interface of every model: training loss, likelihood, saving and loading."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, ClassVar, Self, Unpack

import torch
from pydantic import BaseModel
from torch import Tensor, nn

from molgen.diffusion.random_keys import RandomKeys
from molgen.errors import MolgenError, UsageError
from molgen.models.directory import write_directory
from molgen.models.loading import load_model
from molgen.models.presets import preset, written_preset
from molgen.models.sampling import SamplingConfig
from molgen.models.settings import SamplingSettings, names_settings
from molgen.system.files import as_path


class Model(nn.Module, ABC):
    """A trained or trainable model: of molecules or of dialogue.

    Attributes:
        family: name in the registry and in model directories.
        settings: fields of `SamplingConfig` that mean something to it.
        variables: names of its variables, which temperature and top-p are given for.
        config: everything needed to build it again.
        name: what it was loaded by; empty where it was not loaded.
        weights_sha256: hash of the file that it was loaded from; empty likewise.
        sampling: how it samples by default.
        presets: other ways of sampling, by name.
        ring_systems: of its training molecules; empty where they are not listed.
    """

    family: ClassVar[str]
    settings: ClassVar[frozenset[str]]
    variables: ClassVar[tuple[str, ...]] = ("tokens",)
    config: BaseModel
    name: str = ""
    weights_sha256: str = ""
    sampling: SamplingConfig
    presets: Mapping[str, SamplingConfig] = {}
    ring_systems: frozenset[str] = frozenset()

    @classmethod
    @abstractmethod
    def from_config(cls, config: dict[str, Any]) -> Self:
        """Build an untrained model.

        Raises:
            MolgenError: the configuration does not fit.
        """

    @abstractmethod
    def loss(self, batch: Any, rng: RandomKeys, objective: str) -> dict[str, Tensor]:
        """Training loss by kind of variable, nats, ``(B,)`` each."""

    @abstractmethod
    def bound(self, batch: Any, rng: RandomKeys) -> Tensor:
        """Estimated upper bound on - log p(example), size included, nats, ``(B,)``."""

    def __repr__(self) -> str:
        """Name, family, size and settings in a line; PyTorch's own list of layers is that of its parts."""
        numbers = sum(parameter.numel() for parameter in self.parameters())
        named = f"{self.name!r}, " if self.name else ""
        settings = ", ".join(sorted(self.settings))
        return f"{type(self).__name__}({named}family={self.family!r}, parameters={numbers:,}, settings=[{settings}])"

    @property
    def exact(self) -> bool:
        """Whether `bound` is - log p itself and nothing is drawn for it."""
        return False

    def validation(self, batch: Any, rng: RandomKeys) -> dict[str, Tensor]:
        """What is measured of validation examples during training, by name, nats, ``(B,)`` each."""
        return {"bound_nats": self.bound(batch, rng)}

    def tightened(self, bounds: Tensor) -> Tensor:
        """One upper bound on - log p, nats, ``(B,)``, from several draws of `bound` ``(K, B)``: their mean.

        A model whose draws are costs given a latent variable of its own, such as an order, averages probabilities
        instead: - log mean exp(- cost) is lower, and an upper bound still, since the mean is what it samples from.
        """
        return bounds.mean(0)

    def estimate(self, batch: Any, draws: int) -> Tensor:
        """Upper bound on - log p of each example from so many draws, always the same ones, nats, ``(B,)``."""
        return self.tightened(self.bounds(batch, draws))

    def bounds(self, batch: Any, draws: int) -> Tensor:
        """So many draws of `bound`, always the same ones, nats, ``(K, B)``."""
        rng = RandomKeys.from_seed(0, batch.examples)
        return torch.stack([self.bound(batch, rng.fold_in(draw)) for draw in range(draws)])

    def reward(self, batch: Any, rng: RandomKeys, following: float = 0.0) -> tuple[Tensor, float]:
        """What to raise for attempts to be valid more often, and the share of valid ones among those made for it.

        Args:
            batch: as many attempts as it has examples, of the same size.
            rng: randomness.
            following: share of the reward of a valid attempt that is for coming near the properties asked for.

        Raises:
            UsageError: this family takes no reward.
        """
        raise UsageError(f"a model of family {self.family} takes no reward for valid attempts")

    @abstractmethod
    def sample_metrics(self, count: int) -> dict[str, float]:
        """What is measured by sampling `count` times during training, by name."""

    def check_objective(self, objective: str) -> None:
        """Refuse to train by anything but cross-entropy, where that is the bound itself or there is none.

        Raises:
            UsageError: another objective.
        """
        if objective != "cross-entropy":
            raise UsageError(f'a model of family {self.family} trains by optimiser.objective = "cross-entropy" alone')

    def check_sampling(self, sampling: SamplingConfig) -> None:
        """Refuse values that do not fit this model, such as a template; by default none.

        Raises:
            MolgenError: they do not fit.
        """

    @names_settings
    def sampling_with(self, **overrides: Unpack[SamplingSettings]) -> SamplingConfig:
        """The model's own way of sampling, or a preset, with some settings replaced; those that are None stay.

        Raises:
            UsageError: an unknown setting or preset, a value out of range, or one that this family of models or the
                sampler does not have.

        Example:
            >>> from molgen.models.loading import load_model
            >>> load_model("moses-graph").sampling_with(preset="benchmark", temperature={"bonds": 1.0}).temperature
            {'atoms': 1.25, 'bonds': 1.0}
        """
        name = overrides.pop("preset", None)
        base = self.sampling if name is None else preset(name, self.presets, self.sampling)
        known = ", ".join(sorted(self.settings))
        for name, value in overrides.items():
            if name not in SamplingConfig.model_fields:
                raise UsageError(f"there is no argument or setting {name!r}; the settings of this model are {known}")
            if value is not None and name not in self.settings:
                raise UsageError(f"a model of family {self.family} has no {name} to set; it has {known}")
        config = base.replaced(kinds=self.variables, **overrides)
        if "sampler" in self.settings:
            config.check_used(name for name, value in overrides.items() if value is not None)
        self.check_sampling(config)
        return config

    @contextmanager
    def evaluating(self) -> Iterator[None]:
        """Without dropout, for the length of a block."""
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
        write_directory(
            as_path(path),
            self.state_dict(),
            family=self.family,
            config=self.config.model_dump(),
            sampling=self.sampling.model_dump(),
            presets={name: written_preset(self.sampling, chosen) for name, chosen in self.presets.items()},
            rings=self.ring_systems,
            card=card,
            overwrite=overwrite,
        )

    @classmethod
    def from_pretrained(cls, name: str | Path) -> Self:
        """Read a model directory, or a model that ships with molgen, by name.

        Raises:
            MolgenError: it is not a sound model of this kind.
        """
        model = load_model(name)
        if not isinstance(model, cls):
            raise MolgenError(f"{name} holds a {model.family} model, not {cls.described()}")
        return model

    def copied(self) -> Self:
        """A model with the same weights, of its own, on the same device."""
        made = type(self).from_config(self.config.model_dump())
        made.load_state_dict(self.state_dict())
        made.sampling, made.presets = self.sampling, self.presets
        made.name, made.ring_systems = self.name, self.ring_systems
        return made.to(self.device).train(self.training)

    def heads(self) -> Sequence[nn.Module]:
        """The parts that map hidden features to outputs; an optimiser may treat their matrices differently."""
        return ()

    @classmethod
    def described(cls) -> str:
        """Such as "a graph model", for messages."""
        return f"a {cls.family} model"

    @property
    def device(self) -> torch.device:
        """Where the parameters are."""
        return next(self.parameters()).device
