"""Which molecule belongs to which split: a function of seed and content order, nothing else."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field

TRAIN, VALIDATION, TEST = "train", "validation", "test"


class SplitConfig(BaseModel):
    """How a set is split.

    Where a set has official splits they are kept, and validation is carved from its ``train``.

    Attributes:
        seed: of the permutation.
        validation: share of the molecules (of the official training molecules) kept for validation.
        test: share kept for testing, unused where there is an official test split.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    seed: int = Field(0, ge=0, lt=2**63)
    validation: float = Field(0.1, ge=0, lt=1)
    test: float = Field(0.1, ge=0, lt=1)


def assign_splits(official: Sequence[str | None], config: SplitConfig) -> NDArray[np.object_]:
    """Split name of each molecule.

    Args:
        official: official split or None, one per molecule, all of one sort.
        config: seed and shares.
    """
    names = np.array([split or TRAIN for split in official], dtype=object)
    test_share = 0.0 if any(official) else config.test
    pool = np.flatnonzero(names == TRAIN)
    order = np.random.Generator(np.random.Philox(config.seed)).permutation(pool)
    tested = round(test_share * len(pool))
    validated = round(config.validation * len(pool))
    names[order[:tested]] = TEST
    names[order[tested : tested + validated]] = VALIDATION
    return names
