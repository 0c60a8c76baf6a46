"""The bond categories: one table of their names, RDKit types and orders."""

from __future__ import annotations

from typing import NamedTuple

from rdkit import Chem


class Bond(NamedTuple):
    """A bond category.

    Attributes:
        name: shown to people and stored in files.
        type: of RDKit.
        order: valence that it takes; an aromatic bond counts 1.5.
        least_order: valence that it takes at least: whether an aromatic bond is double depends on its whole ring.
    """

    name: str
    type: Chem.BondType
    order: float
    least_order: int


BONDS = (
    Bond("none", Chem.BondType.ZERO, 0.0, 0),
    Bond("single", Chem.BondType.SINGLE, 1.0, 1),
    Bond("double", Chem.BondType.DOUBLE, 2.0, 2),
    Bond("triple", Chem.BondType.TRIPLE, 3.0, 3),
    Bond("aromatic", Chem.BondType.AROMATIC, 1.5, 1),
)
"""By category number; 0 is no bond."""

BOND_NAMES = tuple(bond.name for bond in BONDS)
BOND_TYPES = tuple(bond.type for bond in BONDS)
BOND_INDEX = {bond.type: category for category, bond in enumerate(BONDS) if category}
ORDERS = tuple(bond.order for bond in BONDS)
LEAST_ORDERS = tuple(bond.least_order for bond in BONDS)
