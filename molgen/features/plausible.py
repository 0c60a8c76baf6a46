"""Whether a molecule can exist."""

from __future__ import annotations

from molgen.chem.plausible import implausible
from molgen.features.record import MoleculeRecord


def plausible(subject: MoleculeRecord) -> float:
    """1 where no ring is too strained to exist, else 0."""
    return float(implausible(subject.mol) is None)
