"""Molecules that the benchmarks of goal-directed generation search for, or begin from.

A generator that has been trained on them, or on molecules like them, searches for what it has seen. So GuacaMol leaves
nine of them and cobimetinib out of its training set, and every molecule whose similarity to one of the ten is above
`SIMILAR` (Brown et al., J. Chem. Inf. Model. 59, 1096 (2019)). The set ``drugs`` leaves out all
that stand here, and what is like them.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from rdkit import Chem
from rdkit.DataStructs import BulkTanimotoSimilarity

from molgen.datasets.encoding import Refusal
from molgen.features.fingerprints import GUACAMOL_BITS, morgan_generator

TARGETS: Mapping[str, str] = {
    "albuterol": "CC(C)(C)NCC(O)c1ccc(O)c(CO)c1",
    "amlodipine": r"Clc1ccccc1C2C(=C(/N/C(=C2/C(=O)OCC)COCCN)C)\C(=O)OC",
    "aripiprazole": "Clc4cccc(N3CCN(CCCCOc2ccc1c(NC(=O)CC1)c2)CC3)c4Cl",
    "camphor": "CC1(C)C2CCC1(C)C(=O)C2",
    "celecoxib": "CC1=CC=C(C=C1)C1=CC(=NN1C1=CC=C(C=C1)S(N)(=O)=O)C(F)(F)F",
    "fexofenadine": "CC(C)(C(=O)O)c1ccc(cc1)C(O)CCCN2CCC(CC2)C(O)(c3ccccc3)c4ccccc4",
    "menthol": "CC(C)C1CCC(C)CC1O",
    "mestranol": "COc1ccc2[C@H]3CC[C@@]4(C)[C@@H](CC[C@@]4(O)C#C)[C@@H]3CCc2c1",
    "osimertinib": "COc1cc(N(C)CCN(C)C)c(NC(=O)C=C)cc1Nc2nccc(n2)c3cn(C)c4ccccc34",
    "perindopril": "O=C(OCC)C(NC(C(=O)N1C(C(=O)O)CC2CCCCC12)C)CCC",
    "quinazoline": "CCCOc1cc2ncnc(Nc3ccc4ncsc4c3)c2cc1S(=O)(=O)C(C)(C)C",
    "ranolazine": "COc1ccccc1OCC(O)CN2CCN(CC(=O)Nc3c(C)cccc3C)CC2",
    "sildenafil": "CCCC1=NN(C2=C1N=C(NC2=O)C3=C(C=CC(=C3)S(=O)(=O)N4CCN(CC4)C)OCC)C",
    "sitagliptin": "Fc1cc(c(F)cc1F)CC(N)CC(=O)N3Cc2nnc(n2CC3)C(F)(F)F",
    "tadalafil": "O=C1N(CC(N2C1CC3=C(C2C4=CC5=C(OCO5)C=C4)NC6=C3C=CC=C6)=O)C",
    "thiothixene": "CN(C)S(=O)(=O)c1ccc2Sc3ccccc3C(=CCCN4CCN(C)CC4)c2c1",
    "troglitazone": "Cc1c(C)c2OC(C)(COc3ccc(CC4SC(=O)NC4=O)cc3)CCc2c(C)c1O",
    "zaleplon": "O=C(C)N(CC)C1=CC=CC(C2=CC=NC3=C(C=NN23)C#N)=C1",
}
"""SMILES by name, as the benchmarks write them. ``quinazoline`` is the molecule of the two hops, which has no name."""

SIMILAR = 0.323
"""Highest similarity to a target that a molecule of training may have: Tanimoto, Morgan, radius 2, 4,096 bits."""


HELD_OUT: Mapping[str, str] = {
    **{
        name: TARGETS[name]
        for name in (
            "albuterol",
            "aripiprazole",
            "celecoxib",
            "fexofenadine",
            "mestranol",
            "osimertinib",
            "ranolazine",
            "thiothixene",
            "troglitazone",
        )
    },
    "cobimetinib": "OC1(CN(C1)C(=O)C1=C(NC2=C(F)C=C(I)C=C2)C(F)=C(F)C=C1)C1CCCCN1",
}
"""What GuacaMol leaves out of its training set."""


def like_a_target(mol: Chem.Mol, targets: Mapping[str, str] = TARGETS) -> Refusal | None:
    """Why a molecule is left out: it is a target or similar to one; None where it is not.

    Args:
        mol: sanitised.
        targets: SMILES by name.

    Example:
        >>> like_a_target(Chem.MolFromSmiles("CC(C)(C)NCC(O)c1ccc(O)cc1"))
        ('like_a_target', 'similar to albuterol, 0.59')
        >>> like_a_target(Chem.MolFromSmiles("c1ccccc1"))
    """
    names, bits = list(targets), [_bits(text) for text in targets.values()]
    values = BulkTanimotoSimilarity(morgan_generator(GUACAMOL_BITS).GetFingerprint(mol), bits)
    highest = max(values)
    return ("like_a_target", f"similar to {names[values.index(highest)]}, {highest:.2f}") if highest > SIMILAR else None


@lru_cache(64)
def _bits(smiles: str) -> Any:
    return morgan_generator(GUACAMOL_BITS).GetFingerprint(Chem.MolFromSmiles(smiles))
