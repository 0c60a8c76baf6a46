"""What training runs of all families have in common."""

from __future__ import annotations

from typing import ClassVar, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from molgen.chem.standardize import Limits
from molgen.datasets.splits import SplitConfig


class Strict(BaseModel):
    """Settings that refuse unknown keys and cannot be changed."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class SourceConfig(Strict):
    """Where examples come from.

    Attributes:
        name: a named set or a file.
        split: seed and shares.
    """

    name: str
    split: SplitConfig = SplitConfig()


class DataConfig(SourceConfig):
    """Which molecules.

    Attributes:
        name: a named set or a file.
        column: of a table.
        kekulized: aromatic rings with alternating bonds.
        desalt: keep the largest organic component of salts and mixtures.
        max_length: longest SMILES, characters.
        max_atoms: largest molecule, heavy atoms.
    """

    name: str = "qm9"
    column: str | None = None
    kekulized: bool = False
    desalt: bool = False
    max_length: int = Field(1000, ge=1)
    max_atoms: int = Field(128, ge=1, le=512)

    def limits(self) -> Limits:
        """For the loader."""
        return Limits(self.max_length, self.max_atoms)


class OptimiserConfig(Strict):
    """How the weights move.

    Attributes:
        objective: ``cross-entropy``, ``variational`` or ``continuous``.
        validity_weight: of a reward for being valid, beside the objective, for families that can learn from their own
            attempts; 0 for none.
        method: ``adamw``; or ``muon``, which takes orthogonal steps in hidden matrices and uses AdamW for all else.
        batch_size: molecules per step over all processes.
        steps: length of training in steps; or
        minutes: in minutes of wall-clock. Exactly one of the two.
        learning_rate: peak of AdamW, after `warmup` steps, falling to zero as a cosine of the share done.
        warmup: steps.
        beta2: of AdamW.
        weight_decay: of AdamW.
        clip: largest gradient norm.
        ema: decay of the average of the weights that is validated and shipped.
        seed: of weights, order and noise.
        precision: ``auto`` takes bf16 where the processor has instructions for it.
        compile: torch.compile for the layers: slow to start, then faster on some machines.
        save_minutes: between checkpoints.
        validate_minutes: between validations.
        validation_molecules: for the bound.
        sampled_molecules: for sampled validity.
        patience: stop after so many validations without a lower bound; the model directory then holds the best weights.
    """

    objective: Literal["cross-entropy", "variational", "continuous"] = "cross-entropy"
    validity_weight: float = Field(0.0, ge=0)
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
    seed: int = Field(0, ge=0)
    precision: Literal["auto", "32-true", "bf16-mixed", "16-mixed"] = "auto"
    compile: bool = False
    save_minutes: float = Field(5.0, gt=0)
    validate_minutes: float = Field(10.0, gt=0)
    validation_molecules: int = Field(1000, ge=1)
    sampled_molecules: int = Field(256, ge=1)
    patience: int | None = Field(None, ge=1)

    @model_validator(mode="after")
    def _one_length(self) -> OptimiserConfig:
        if (self.steps is None) == (self.minutes is None):
            raise ValueError("give the length of training as steps or as minutes, one of the two")
        return self


class RunConfig(Strict):
    """A training run of any family.

    Attributes:
        family: what is trained.
        data: on what.
        optimiser: how.
    """

    family: str
    data: SourceConfig
    optimiser: OptimiserConfig = OptimiserConfig(minutes=60)

    objectives: ClassVar[tuple[str, ...]] = ("cross-entropy",)
    """What the family can be trained by."""

    compiles: ClassVar[bool] = False
    """Whether its layers can be compiled."""

    rewarded: ClassVar[bool] = False
    """Whether it can be rewarded for valid attempts."""

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


class MoleculesRun(RunConfig):
    """A run on molecules.

    Attributes:
        data: which.
    """

    data: DataConfig = DataConfig()
