"""How models are trained: the settings of a run, as its TOML file states them, and what they make of data."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, ClassVar, Literal, Self

import torch
from pydantic import BaseModel, ConfigDict, Field, model_validator

from molgen.chem.vocabulary import Vocabulary
from molgen.datasets.batches import Batch, BatchStream
from molgen.datasets.building import Report
from molgen.datasets.config import DataConfig, SourceConfig
from molgen.datasets.encoded import EncodedDataset, load_dataset
from molgen.datasets.sources import find_source
from molgen.datasets.splits import VALIDATION
from molgen.errors import MolgenError, UsageError
from molgen.models.base import Model

VALIDATION_BATCH = 256


class Settings(BaseModel):
    """Settings that refuse unknown keys and cannot be changed."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class OptimiserConfig(Settings):
    """How the weights move.

    Attributes:
        objective: ``cross-entropy``, ``variational`` or ``continuous``.
        validity_weight: of a reward for being valid, beside the objective, for families that can learn from their own
            attempts; 0 for none.
        property_reward: share of that reward, 0 to 1, that a valid attempt has only for coming near the properties
            asked for; the rest it has for being valid. It needs a `validity_weight`.
        method: ``adamw``; or ``muon``, which takes orthogonal steps in hidden matrices and uses AdamW for all else.
        batch_size: molecules per step over all processes.
        steps: length of training in steps; or
        minutes: in minutes of wall-clock; of both, whichever is over first.
        learning_rate: peak of AdamW, after `warmup` steps, falling to zero as a cosine of the share done.
        warmup: steps.
        beta2: of AdamW.
        weight_decay: of AdamW.
        clip: largest gradient norm.
        ema: decay of the average of the weights that is validated and shipped.
        dropout: share of channels dropped in training, instead of the network's own.
        seed: of weights, order and noise.
        precision: ``auto`` takes bf16 where the processor has instructions for it.
        compile: torch.compile for the layers: slow to start, then faster on some machines.
        workers: processes that make batches ahead of the step; 0 makes them between steps. Results are the same.
        save_minutes: between checkpoints.
        validate_minutes: between validations; or
        validate_steps: so many steps between them.
        validation_molecules: for the bound.
        validation_draws: of noise or order for each of them, always the same.
        sampled_molecules: for sampled validity; 0 for none.
        patience: stop after so many validations in a row without a lower bound; the model directory then holds the best
            weights.
    """

    objective: Literal["cross-entropy", "variational", "continuous"] = "cross-entropy"
    validity_weight: float = Field(0.0, ge=0)
    property_reward: float = Field(0.0, ge=0, le=1)
    method: Literal["adamw", "muon"] = "adamw"
    batch_size: int = Field(256, ge=1)
    steps: int | None = Field(None, ge=1)
    minutes: float | None = Field(None, gt=0)
    learning_rate: float = Field(2e-3, gt=0)
    warmup: int = Field(200, ge=0)
    beta2: float = Field(0.99, gt=0, lt=1)
    weight_decay: float = Field(0.01, ge=0)
    clip: float = Field(5.0, gt=0)
    ema: float = Field(0.999, ge=0, lt=1)
    dropout: float | None = Field(None, ge=0, lt=1)
    seed: int = Field(0, ge=0, lt=2**63)
    precision: Literal["auto", "32-true", "bf16-mixed", "16-mixed"] = "auto"
    compile: bool = False
    workers: int = Field(0, ge=0)
    save_minutes: float = Field(5.0, gt=0)
    validate_minutes: float = Field(10.0, gt=0)
    validate_steps: int | None = Field(None, ge=1)
    validation_molecules: int = Field(1000, ge=1)
    validation_draws: int = Field(1, ge=1)
    sampled_molecules: int = Field(256, ge=0)
    patience: int | None = Field(None, ge=1)

    @model_validator(mode="after")
    def _ends(self) -> OptimiserConfig:
        if self.steps is None and self.minutes is None:
            raise ValueError("give the length of training as steps or as minutes")
        return self

    @model_validator(mode="after")
    def _rewards(self) -> OptimiserConfig:
        if self.property_reward and not self.validity_weight:
            raise ValueError("property_reward is a share of the reward, which has no weight: set validity_weight too")
        return self


class Parent(Settings):
    """The model that a run began from.

    Attributes:
        name: as it was given.
        weights_sha256: of its weights, as its ``config.json`` states it.
    """

    name: str
    weights_sha256: str


@dataclass(frozen=True)
class Prepared:
    """Ready to train.

    Attributes:
        model: to be trained.
        batches: makes the stream of training batches, given options of `BatchStream`.
        validation: one pass over the examples for validation; None where there are none.
        report: what the loader of molecules read, kept and skipped.
    """

    model: Model
    batches: Callable[..., BatchStream[Batch]]
    validation: BatchStream[Batch] | None
    report: Report | None = None


class Recipe(Settings):
    """A training run of a family of models. Each family has a subclass, named in the registry.

    Attributes:
        family: name in the registry.
        data: on what.
        optimiser: how.
        parent: what it began from; filled in by the trainer.
    """

    family: str
    data: SourceConfig
    optimiser: OptimiserConfig = OptimiserConfig(minutes=60)
    parent: Parent | None = None

    objectives: ClassVar[tuple[str, ...]] = ("cross-entropy",)
    """What the family can be trained by."""

    compiles: ClassVar[bool] = False
    """Whether its layers can be compiled."""

    rewarded: ClassVar[bool] = False
    """Whether it can be rewarded for valid attempts."""

    comparison: ClassVar[Mapping[str, Mapping[str, Any]]] = {}
    """Its rows in the default comparison, by name: fields of `molgen.comparison.plan.Row`."""

    @model_validator(mode="after")
    def _fits(self) -> Self:
        if self.optimiser.objective not in self.objectives:
            raise ValueError(
                f"family {self.family} trains by {' or '.join(self.objectives)}: set optimiser.objective so"
            )
        if self.optimiser.compile and not self.compiles:
            raise ValueError(f"family {self.family} cannot be compiled: leave optimiser.compile out")
        if self.optimiser.validity_weight and not self.rewarded:
            raise ValueError(f"family {self.family} takes no reward: leave optimiser.validity_weight out")
        return self

    @abstractmethod
    def prepare(self, start: Model | None, progress: Callable[[int], None] | None) -> Prepared:
        """Model and batches.

        Args:
            start: a trained model of the family to begin from, after `starting_from`.
            progress: called with the number of records read while data is encoded.

        Raises:
            MolgenError: the data cannot be used, or do not fit the model to begin from.
        """

    @abstractmethod
    def source(self) -> tuple[str, str]:
        """The data by a name that holds in any folder, and a fingerprint of their content.

        Raises:
            MolgenError: there are no such data.
        """

    def fixed_by(self, start: Any) -> dict[str, Any]:
        """Settings that the weights of a model were made for and that a run from it cannot change, by field."""
        return {}

    def kept_from(self, start: Any) -> dict[str, Any]:
        """Settings that a run takes from the model it begins from unless it states others, by field."""
        return {}

    def starting_from(self, start: Model, name: str) -> Self:
        """This run with the settings of the model that it begins from.

        Args:
            start: the model.
            name: of the model, for messages.

        Raises:
            UsageError: the run states other values for what the weights were made for.
        """
        fixed = self.fixed_by(start)
        for field in fixed.keys() & self.model_fields_set:
            _refuse_changes(field, getattr(self, field), fixed[field], name)
        kept = {field: value for field, value in self.kept_from(start).items() if field not in self.model_fields_set}
        return self.model_copy(update={**kept, **fixed})


def _refuse_changes(field: str, given: Any, own: Any, name: str) -> None:
    pairs = {field: (given, own)}
    if isinstance(given, BaseModel):
        pairs = {f"{field}.{key}": (getattr(given, key), getattr(own, key)) for key in given.model_fields_set}
    for key, (asked, has) in pairs.items():
        if asked != has:
            raise UsageError(f"{key} is {has} in {name}, and not to be changed to {asked}: leave it out")


class MoleculesRecipe(Recipe):
    """A run on molecules.

    Attributes:
        data: which.
    """

    data: DataConfig = DataConfig()

    def prepare(self, start: Model | None, progress: Callable[[int], None] | None) -> Prepared:
        dataset = load_dataset(
            self.data.name,
            column=self.data.column,
            split=self.data.split,
            kekulized=self.data.kekulized,
            limits=self.data.limits(),
            desalt=self.data.desalt,
            vocabulary=None if self.data.vocabulary == "learned" else self.vocabulary_of(start),
            progress=progress,
        )
        torch.manual_seed(self.optimiser.seed)
        model, batches = self.prepare_on(dataset, start)
        validation = None
        if dataset.report.splits.get(VALIDATION):
            with suppress(MolgenError):  # none fits; the report says why
                validation = self.held_out(model, dataset, VALIDATION)
        return Prepared(model, batches, validation, dataset.report)

    def source(self) -> tuple[str, str]:
        source = find_source(self.data.name, self.data.column)
        return source.path or self.data.name, source.fingerprint()

    def vocabulary_of(self, start: Model | None) -> Vocabulary | None:
        """The atom tokens of the model that a run begins from; None where it has none of its own."""
        return None

    @classmethod
    def data_settings(cls, start: Any) -> dict[str, Any]:
        """Settings of `DataConfig` for further training of a model on other molecules, by field."""
        return {}

    @classmethod
    @abstractmethod
    def with_sizes(cls, model: Any, counts: Mapping[int, int], data: dict[str, Any]) -> None:
        """Replace a model's distribution of sizes, and what its configuration says of its training data.

        Args:
            model: of the family.
            counts: number of molecules by number of atoms or tokens. Which sizes the model can be asked for stays what
                it is.
            data: name and fingerprint of the data, and what the model began from.
        """

    @abstractmethod
    def prepare_on(
        self, dataset: EncodedDataset, start: Model | None
    ) -> tuple[Model, Callable[..., BatchStream[Batch]]]:
        """Model, and what makes the stream of training batches given options of `BatchStream`."""

    @classmethod
    @abstractmethod
    def held_out(cls, model: Any, dataset: EncodedDataset, split: str, share: int = 1) -> BatchStream[Batch]:
        """One pass over the molecules of a split, encoded for a model; those that do not fit it are left out.

        Args:
            model: of the family.
            dataset: encoded molecules.
            split: which.
            share: of so many molecules one is taken.

        Raises:
            MolgenError: there is no such split, or none fits.
        """


def size_shares(counts: Mapping[int, int], before: Mapping[int, float]) -> dict[int, float]:
    """Shares of sizes; sizes that a model had before stay, at 0 where there are no molecules of that size."""
    total = sum(counts.values())
    return {size: counts.get(size, 0) / total for size in sorted({*counts, *before})}
