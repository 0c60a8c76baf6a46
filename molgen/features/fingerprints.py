"""Circular fingerprints as bytes."""

from __future__ import annotations

from functools import cache
from typing import Any

from rdkit import DataStructs
from rdkit.Chem import rdFingerprintGenerator

from molgen.features.record import Subject

MOSES_BITS, GUACAMOL_BITS = 1024, 4096


@cache
def _generator(bits: int) -> Any:
    return rdFingerprintGenerator.GetMorganGenerator(radius=2, fpSize=bits)


def morgan(subject: Subject, bits: int) -> bytes:
    """Morgan fingerprint of radius 2, folded; ``bits / 8`` bytes."""
    return bytes(DataStructs.BitVectToBinaryText(_generator(bits).GetFingerprint(subject.mol)))


def flat_morgan(subject: Subject, bits: int) -> bytes:
    """The same without stereo."""
    return bytes(DataStructs.BitVectToBinaryText(_generator(bits).GetFingerprint(subject.flat_mol)))
