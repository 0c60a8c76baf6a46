"""The noise of a diffusion model, as its configuration states it."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict

from molgen.system.bounds import Positive, Steps

TransitionName = Literal["uniform", "absorbing", "marginal", "hamming"]


class NoiseConfig(BaseModel):
    """What all kinds of variables share.

    Attributes:
        schedule: ``linear``, ``cosine`` or ``polynomial``.
        power: of the polynomial schedule.
        parameterisation: ``x0`` or ``reverse``.
        steps: of the variational bound, and of sampling with ``reverse``.
        time_power: training by cross-entropy draws times as a uniform number to this power: above 1, more of them lie
            near the data.
        hamming_length: distance over which the rates of the hamming transition fall by e.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    schedule: Literal["linear", "cosine", "polynomial"] = "cosine"
    power: Positive = 2.0
    parameterisation: Literal["x0", "reverse"] = "x0"
    steps: Steps = 100
    time_power: Positive = 1.0
    hamming_length: Positive = 1.0

    def check_objective(self, objective: str) -> None:
        """Refuse what cannot train a network of this parameterisation.

        Raises:
            ValueError: the reverse parameterisation without the variational bound.
        """
        if self.parameterisation == "reverse" and objective != "variational":
            raise ValueError(
                'the reverse parameterisation trains on the bound: set optimiser.objective = "variational"'
            )
