"""What a reference set gives a report: a sample of its molecules, and which scaffolds and rings it has."""

from __future__ import annotations

from collections.abc import Container
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from molgen.datasets.splits import TEST, TRAIN
from molgen.evaluation import find_reference
from molgen.evaluation.references import Reference
from molgen.report.html.given import Described, describe_all
from molgen.system.progress import Stage

SAMPLE = 3000
"""Molecules of the reference in histograms and in the map."""


@dataclass
class Compared:
    """A reference set.

    Attributes:
        reference: for the metrics.
        molecules: a sample, described.
        rings: ring systems that its training molecules have; None where they are not known.
        scaffolds: likewise.
    """

    reference: Reference
    molecules: list[Described]
    rings: Container[str] | None
    scaffolds: Container[str] | None


def read_compared(name: str | Path, column: str | None, jobs: int | None, progress: Stage) -> Compared:
    """A named set or a file as reference.

    Args:
        name: of the set, or path of the file.
        column: of SMILES in a table.
        jobs: processes.
        progress: called with what is being read.

    Raises:
        MolgenError: there is no such set, or it has not been fetched.
    """
    reference = find_reference(name, column, jobs, progress)
    split = TEST if TEST in reference.splits else TRAIN
    smiles = reference.smiles(split)
    rows = np.random.default_rng(0).choice(len(smiles), min(SAMPLE, len(smiles)), replace=False)
    molecules = list(describe_all([smiles[row] for row in sorted(rows.tolist())], jobs))
    rings: Container[str] | None = None
    scaffolds: Container[str] | None = None
    if TRAIN in reference.splits:
        rings, scaffolds = reference.vocabulary(TRAIN, ["ring_systems", "scaffold"], jobs, progress)
    return Compared(reference, molecules, rings, scaffolds)
