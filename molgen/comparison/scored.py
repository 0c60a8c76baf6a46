"""Raw attempts drawn, timed and scored, for comparison and tuning."""

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
"""Largest number of held-out molecules for FCD, since ChemNet takes minutes for more."""
_METRICS = ("validity", "uniqueness", "novelty", "vun", "fcd")


@dataclass(frozen=True)
class Scored:
    """Attempts of a model and their metrics.

    Attributes:
        attempts: raw attempts.
        seconds: duration of sampling.
        metrics: strict validity, uniqueness, novelty, V.U.N. and FCD; None for what cannot be computed.
    """

    attempts: Attempts
    seconds: float
    metrics: dict[str, Any]


def reference_for(dataset: EncodedDataset, split: str) -> Reference:
    """Novelty against the training split; FCD against another one, or `REFERENCE_MOLECULES` of it drawn at random.

    Raises:
        MolgenError: there is no such split.
    """
    held = dataset.smiles(split)
    return reference_of(dataset.smiles(TRAIN), random.Random(0).sample(held, min(len(held), REFERENCE_MOLECULES)))


def sample_and_score(
    model: Generator,
    attempts: int,
    seed: int,
    settings: dict[str, Any],
    reference: Reference,
    progress: bool = True,
) -> Scored:
    """Draw raw attempts and score them.

    Args:
        model: a generator.
        attempts: number of attempts.
        seed: of sampling.
        settings: fields of `SamplingConfig` to override.
        reference: for novelty and FCD.
        progress: whether bars are shown, on terminals and in notebooks.

    Raises:
        MolgenError: the settings do not fit the model, or something cannot be measured.
    """
    start = time.perf_counter()
    drawn = model.attempts(attempts, seed=seed, progress=progress, **settings)
    seconds = time.perf_counter() - start
    evaluation = evaluate(drawn, reference, only=_METRICS, progress=progress)
    metrics = {name: evaluation[name] if math.isfinite(evaluation[name]) else None for name in _METRICS}
    return Scored(drawn, seconds, metrics)
