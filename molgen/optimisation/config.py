"""Settings of the optimiser."""

from __future__ import annotations

from typing import Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from molgen.errors import UsageError
from molgen.optimisation.sources import SOURCES, Source
from molgen.system.faults import first_fault

Learning = Literal["augmented", "reinforce", "elite"]


class OptimiserConfig(BaseModel):
    """How molecules are optimised. Defaults are those of docs/experiments/optimise.md.

    Attributes:
        calls: different molecules that may be scored.
        enough: stop once so many molecules have a total of at least 1, the most that a score from 0 to 1 gives.
        seed: of all randomness.
        batch: molecules of a step; what the model makes of them is valid or not. With `screened` 1 a step may score a
            few more, where attempts of the model are put together.
        learning: see `molgen.optimisation.losses`.
        sigma: in the loss (`molgen.optimisation.losses`): nats of log-likelihood that a reward of 1 adds.
        learning_rate: of Adam.
        updates: gradient steps of a step while it learns; the first one has the new molecules too.
        learning_calls: molecules that are scored while the generator learns, and makes all of them; 0 for a generator
            that stays as it is.
        replay: molecules of the memory in each gradient step.
        rank: the weight of the good molecule of rank r = 1, 2, ... is proportional to 1 / (rank * count + r).
        random_orders: learn from each molecule in another generation order every time, where the model has several.
        sources: of molecules, see `molgen.optimisation.sources`; new ones come in any case while none is good.
        parents: parts are kept of so many of the best molecules.
        children: attempts for each such part; None for one, or for eight with a model that cannot sample different
            conditions in one batch.
        own_sizes: share of the other attempts that have about the size of a good molecule.
        population: molecules are crossed and mutated that are among so many of the best.
        screened: children made for each molecule of a step; of them and the attempts of the model
            `molgen.optimisation.surrogate` chooses what is scored. 1 for all.
        per_scaffold: most molecules of a Murcko scaffold that are learned from, changed, shown and written; None for
            any number.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)

    calls: int = Field(10_000, ge=1)
    enough: int | None = Field(None, ge=1)
    seed: int = Field(0, ge=0)
    batch: int = Field(32, ge=1)
    learning: Learning = "augmented"
    sigma: float = Field(500.0, gt=0)
    learning_rate: float = Field(3e-4, gt=0)
    updates: int = Field(2, ge=0)
    learning_calls: int = Field(0, ge=0)
    replay: int = Field(32, ge=1)
    rank: float = Field(0.1, gt=0)
    random_orders: bool = False
    sources: tuple[Source, ...] = Field(SOURCES, min_length=1)
    children: int | None = Field(None, ge=1)
    parents: int = Field(20, ge=1)
    own_sizes: float = Field(0.5, ge=0, le=1)
    population: int = Field(200, ge=1)
    screened: int = Field(10, ge=1)
    per_scaffold: int | None = Field(None, ge=1)

    @field_validator("sources", mode="before")
    @classmethod
    def _split(cls, given: object) -> object:
        """A text, as it is written on the command line: ``sources=new,regrown``."""
        return given.split(",") if isinstance(given, str) else given

    @classmethod
    def of(cls, **settings: Any) -> Self:
        """Settings, those that are None left at their defaults.

        Raises:
            UsageError: an unknown setting, or a value out of range.
        """
        given = {name: value for name, value in settings.items() if value is not None}
        try:
            return cls.model_validate(given)
        except ValidationError as error:
            raise UsageError(f"bad setting of the optimiser: {first_fault(error, cls, given)}") from None
