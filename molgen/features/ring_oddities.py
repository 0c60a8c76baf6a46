"""Rings that make a chemist look twice."""

from __future__ import annotations

from rdkit import Chem

from molgen.chem.plausible import implausible

LARGEST = 7
"""Atoms of the largest ring that is usual in drugs."""


def ring_oddities(mol: Chem.Mol, largest: int = LARGEST) -> tuple[str, ...]:
    """What is unusual about the rings of a sanitised molecule, in words; empty where nothing is.

    Args:
        mol: sanitised.
        largest: atoms of the largest ring that is usual.

    Example:
        >>> ring_oddities(Chem.MolFromSmiles("C1CCCCCCC1")), ring_oddities(Chem.MolFromSmiles("c1ccccc1"))
        (('a ring of 8 atoms',), ())
    """
    sizes = sorted({len(ring) for ring in mol.GetRingInfo().AtomRings()})
    strained = implausible(mol)
    return (*(f"a ring of {size} atoms" for size in sizes if size > largest), *((strained,) if strained else ()))
