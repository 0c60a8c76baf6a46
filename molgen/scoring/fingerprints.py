"""Fingerprints of molecules by name, for Tanimoto similarities."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any, Literal, get_args

from rdkit import Chem
from rdkit.Chem import rdFingerprintGenerator as generators

from molgen.features.fingerprints import morgan_generator

FingerprintName = Literal["morgan", "ecfp4", "ecfp6", "fcfp4", "fcfp6", "atom_pairs", "torsions", "pharmacophores"]
"""``morgan``: bits of radius 2, folded to 2048; ``ecfp4``, ``ecfp6``: counts of radius 2 and 3; ``fcfp4``, ``fcfp6``:
the same on pharmacophoric features of atoms; ``atom_pairs``: counts of pairs at up to 10 bonds; ``torsions``: counts of
topological torsions; ``pharmacophores``: bits of Gobbi's two-dimensional pharmacophores."""

FINGERPRINT_NAMES: tuple[FingerprintName, ...] = get_args(FingerprintName)


@cache
def fingerprint(name: FingerprintName) -> Callable[[Chem.Mol], Any]:
    """The function that computes a fingerprint of a sanitised molecule.

    Example:
        >>> from rdkit import DataStructs
        >>> pairs = fingerprint("atom_pairs")
        >>> first, second = (pairs(Chem.MolFromSmiles(text)) for text in ("CCO", "CCCO"))
        >>> round(DataStructs.TanimotoSimilarity(first, second), 2)
        0.29
    """
    if name == "pharmacophores":
        from molgen.scoring.pharmacophores import pharmacophores  # loads numba, which nothing else needs here

        return pharmacophores
    if name == "morgan":
        return morgan_generator(2048).GetFingerprint
    if name == "atom_pairs":
        return generators.GetAtomPairGenerator(maxDistance=10).GetSparseCountFingerprint
    if name == "torsions":
        return generators.GetTopologicalTorsionGenerator().GetSparseCountFingerprint
    features = {} if name.startswith("e") else {"atomInvariantsGenerator": generators.GetMorganFeatureAtomInvGen()}
    return generators.GetMorganGenerator(radius=int(name[-1]) // 2, **features).GetSparseCountFingerprint
