"""Molecules as they are edited: bonds single, double or triple, hydrogens left to RDKit."""

from __future__ import annotations

from functools import lru_cache

import networkx as nx
from rdkit import Chem

from molgen.chem.plausible import implausible
from molgen.chem.strict import strict_smiles
from molgen.features.ring_oddities import LARGEST


def editable(smiles: str) -> Chem.RWMol:
    """A molecule with alternating bonds in place of aromatic ones, whose atoms take the hydrogens that they lack.

    Example:
        >>> mol = editable("c1cc[nH]c1")
        >>> sorted(str(bond.GetBondType()) for bond in mol.GetBonds()), mol.GetAtomWithIdx(3).GetNumExplicitHs()
        (['DOUBLE', 'DOUBLE', 'SINGLE', 'SINGLE', 'SINGLE'], 0)
    """
    return Chem.RWMol(_read(smiles))


@lru_cache(1024)  # good molecules have many children
def _read(smiles: str) -> Chem.RWMol:
    mol = Chem.RWMol(Chem.MolFromSmiles(smiles))
    Chem.Kekulize(mol, clearAromaticFlags=True)
    for atom in mol.GetAtoms():
        if atom.GetFormalCharge() == 0:
            atom.SetNoImplicit(False)
            atom.SetNumExplicitHs(0)
    return mol


def finished(mol: Chem.Mol, largest_ring: int = LARGEST) -> str | None:
    """Canonical SMILES of an edited molecule; None where it is not strictly valid or cannot exist.

    Args:
        mol: edited; it is not changed.
        largest_ring: atoms of the largest ring that it may have.

    Example:
        >>> finished(editable("C1=CC=CC=C1")), finished(editable("C1CC#CC1"))
        ('c1ccccc1', None)
    """
    smiles = strict_smiles(mol)
    if smiles is None:
        return None
    made = Chem.MolFromSmiles(smiles)
    odd = implausible(made) is not None or largest_ring_of(made) > largest_ring or any(map(_is_odd, made.GetAtoms()))
    return None if odd else smiles


def _is_odd(atom: Chem.Atom) -> bool:
    """Whether an atom is sulphur or phosphorus with a hydrogen beyond its lowest valence, as in S(=O)H."""
    lowest = {15: 3, 16: 2}.get(atom.GetAtomicNum())
    return lowest is not None and atom.GetTotalNumHs() > 0 and atom.GetTotalValence() > lowest


def largest_ring_of(mol: Chem.Mol) -> int:
    """Atoms of the largest ring, 0 where there is none."""
    return max((len(ring) for ring in mol.GetRingInfo().AtomRings()), default=0)


def is_neutral(bond: Chem.Bond) -> bool:
    """Whether both atoms of a bond are without charge: others belong together, as in a nitro group."""
    return bond.GetBeginAtom().GetFormalCharge() == 0 == bond.GetEndAtom().GetFormalCharge()


def open_bonds(mol: Chem.Mol) -> list[tuple[int, int]]:
    """Ends of the single bonds in no ring, where a molecule can be cut in two."""
    return [
        (bond.GetBeginAtomIdx(), bond.GetEndAtomIdx())
        for bond in mol.GetBonds()
        if bond.GetBondType() == Chem.BondType.SINGLE and not bond.IsInRing() and is_neutral(bond)
    ]


def graph_of(mol: Chem.Mol) -> nx.Graph:
    """Its atoms and bonds, without kinds."""
    graph = nx.empty_graph(mol.GetNumAtoms())
    graph.add_edges_from((bond.GetBeginAtomIdx(), bond.GetEndAtomIdx()) for bond in mol.GetBonds())
    return graph
