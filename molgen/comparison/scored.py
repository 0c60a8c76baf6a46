"""Attempts drawn, timed and scored: what comparing and tuning measure alike."""

from __future__ import annotations

import math
import random
import time
from dataclasses import dataclass
from typing import Any

from molgen.datasets.encoded import EncodedDataset
from molgen.datasets.splits import TRAIN
from molgen.evaluation import Reference, evaluate, reference_of
from molgen.models.generator import Generator
from molgen.models.results import Attempts

REFERENCE_MOLECULES = 20_000
"""Most held-out molecules that FCD refers to: more cost minutes of ChemNet."""
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


def reference_for(dataset: EncodedDataset, split: str) -> Reference:
    """Novelty against the training split; FCD against another one, or `REFERENCE_MOLECULES` of it drawn at random.

    Raises:
        MolgenError: there is no such split.
    """
    held = dataset.smiles(split)
    return reference_of(dataset.smiles(TRAIN), random.Random(0).sample(held, min(len(held), REFERENCE_MOLECULES)))


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
