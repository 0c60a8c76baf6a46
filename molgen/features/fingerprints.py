"""Morgan fingerprints as bytes."""

from __future__ import annotations

from functools import cache
from typing import Any

from rdkit import DataStructs
from rdkit.Chem import rdFingerprintGenerator

from molgen.features.record import MoleculeRecord

MOSES_BITS, GUACAMOL_BITS = 1024, 4096


@cache
def morgan_generator(bits: int) -> Any:
    """RDKit's generator of Morgan fingerprints of radius 2, folded to so many bits."""
    return rdFingerprintGenerator.GetMorganGenerator(radius=2, fpSize=bits)


def morgan(record: MoleculeRecord, bits: int) -> bytes:
    """Morgan fingerprint of radius 2, folded; ``bits / 8`` bytes."""
    return bytes(DataStructs.BitVectToBinaryText(morgan_generator(bits).GetFingerprint(record.mol)))


def flat_morgan(record: MoleculeRecord, bits: int) -> bytes:
    """Morgan fingerprint of radius 2 of the molecule without stereo, folded; ``bits / 8`` bytes."""
    return bytes(DataStructs.BitVectToBinaryText(morgan_generator(bits).GetFingerprint(record.flat_mol)))
