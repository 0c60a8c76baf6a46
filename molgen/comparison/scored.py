"""Attempts drawn, timed and scored: what comparing and tuning measure alike."""

from __future__ import annotations

import math
import time
from dataclasses import dataclass
from typing import Any

from molgen.evaluation import Reference, evaluate
from molgen.generator import Attempts, Generator

_FIGURES = ("validity", "uniqueness", "novelty", "vun", "fcd")


@dataclass(frozen=True)
class Scored:
    """Attempts of a model and what they are worth.

    Attributes:
        attempts: raw.
        seconds: that sampling took.
        figures: strict validity, uniqueness, novelty, V.U.N. and FCD; None for what cannot be computed.
    """

    attempts: Attempts
    seconds: float
    figures: dict[str, Any]


def sample_and_score(
    model: Generator, attempts: int, seed: int, settings: dict[str, Any], reference: Reference
) -> Scored:
    """Draw raw attempts and score them.

    Args:
        model: that draws.
        attempts: how many.
        seed: of sampling.
        settings: fields of `SamplingConfig` to override.
        reference: for novelty and FCD.

    Raises:
        MolgenError: the settings do not fit the model, or something cannot be measured.
    """
    start = time.perf_counter()
    drawn = model.attempts(attempts, seed=seed, **settings)
    seconds = time.perf_counter() - start
    evaluation = evaluate(drawn, reference, only=_FIGURES)
    figures = {name: evaluation[name] if math.isfinite(evaluation[name]) else None for name in _FIGURES}
    return Scored(drawn, seconds, figures)
