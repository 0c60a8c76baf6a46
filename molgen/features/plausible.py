"""Whether a molecule can exist."""

from __future__ import annotations

from molgen.chem.plausible import implausible
from molgen.features.record import Subject


def plausible(subject: Subject) -> float:
    """1 where no ring is too strained to exist, else 0."""
    return float(implausible(subject.mol) is None)
