"""Conversion between molecules and typed graphs, without loss."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from rdkit import Chem

from molgen.chem.bonds import BOND_INDEX, BOND_TYPES
from molgen.chem.vocabulary import Vocabulary
from molgen.errors import MoleculeError, MolgenError


@dataclass(frozen=True, eq=False)
class MoleculeGraph:
    """A molecule as categorical variables.

    Attributes:
        atoms: ``(n,)`` uint8, atom categories.
        bonds: ``(n (n - 1) / 2,)`` uint8, bond categories of the pairs i < j, row by row.
    """

    atoms: NDArray[np.uint8]
    bonds: NDArray[np.uint8]

    def __post_init__(self) -> None:
        n = len(self.atoms)
        if self.bonds.shape != (n * (n - 1) // 2,):
            raise MolgenError(f"{n} atoms need {n * (n - 1) // 2} pairs, got {self.bonds.shape}")


def pair_position(i: int, j: int, n: int) -> int:
    """Position of the pair {i, j} in the row-by-row list of the pairs of n atoms."""
    i, j = min(i, j), max(i, j)
    return i * (2 * n - i - 1) // 2 + j - i - 1


def tokenize(mol: Chem.Mol, kekulized: bool = False) -> tuple[str, list[str], NDArray[np.uint8]]:
    """Canonical SMILES, atom tokens and bond categories of a standardised molecule, atoms in canonical order.

    The order is the one in which RDKit writes the atoms of the canonical SMILES.

    Returns:
        SMILES, n tokens, and the ``(n (n - 1) / 2,)`` bond categories of the pairs i < j.

    Raises:
        MoleculeError: reason ``kekulize``, if `kekulized` and there are no alternating bonds.
    """
    smiles = str(Chem.MolToSmiles(mol))
    order = [int(atom) for atom in mol.GetProp("_smilesAtomOutputOrder").strip("[],").split(",")]
    if kekulized:
        mol = Chem.Mol(mol)
        try:
            Chem.Kekulize(mol, clearAromaticFlags=True)
        except Chem.KekulizeException as error:
            raise MoleculeError("kekulize", f"no alternating form of {smiles}: {error}") from None
    n = len(order)
    rank = [0] * n
    for position, atom in enumerate(order):
        rank[atom] = position
    tokens = [mol.GetAtomWithIdx(atom).GetSmarts() for atom in order]
    bonds = np.zeros(n * (n - 1) // 2, dtype=np.uint8)
    for number in range(mol.GetNumBonds()):  # several times faster than iterating over GetBonds()
        bond = mol.GetBondWithIdx(number)
        bonds[pair_position(rank[bond.GetBeginAtomIdx()], rank[bond.GetEndAtomIdx()], n)] = BOND_INDEX[
            bond.GetBondType()
        ]
    return smiles, tokens, bonds


class GraphCodec:
    """Encodes molecules with one vocabulary.

    Args:
        vocabulary: the categories.
    """

    def __init__(self, vocabulary: Vocabulary) -> None:
        self.vocabulary = vocabulary

    def encode(self, mol: Chem.Mol) -> MoleculeGraph:
        """Graph of a standardised molecule, atoms in canonical order.

        Raises:
            MoleculeError: reason ``unknown_atom`` or ``kekulize``.
        """
        _, tokens, bonds = tokenize(mol, self.vocabulary.kekulized)
        return MoleculeGraph(np.array(self.vocabulary.encode(tokens), dtype=np.uint8), bonds)

    def decode(self, graph: MoleculeGraph) -> Chem.Mol:
        """The molecule of a graph, not sanitised: it may violate valences or be disconnected.

        Raises:
            MolgenError: a category number outside the vocabulary.
        """
        templates = self.vocabulary.templates
        if len(graph.atoms) and int(graph.atoms.max()) >= len(templates):
            raise MolgenError("atom category outside the vocabulary")
        if len(graph.bonds) and int(graph.bonds.max()) >= len(BOND_TYPES):
            raise MolgenError("bond category outside the vocabulary")
        mol = Chem.RWMol()
        for category in graph.atoms.tolist():
            mol.AddAtom(templates[category])
        first, second = np.triu_indices(len(graph.atoms), 1)
        present = np.flatnonzero(graph.bonds)
        for i, j, category in zip(
            first[present].tolist(), second[present].tolist(), graph.bonds[present].tolist(), strict=True
        ):
            mol.AddBond(i, j, BOND_TYPES[category])
            if BOND_TYPES[category] == Chem.BondType.AROMATIC:
                mol.GetBondBetweenAtoms(i, j).SetIsAromatic(True)
        return mol.GetMol()
