"""Molecules as they are edited: bonds single, double or triple, hydrogens left to RDKit."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache

from rdkit import Chem

from molgen.chem.plausible import implausible
from molgen.chem.strict import strict_molecule
from molgen.features.ring_oddities import LARGEST

_CHARGED = Chem.MolFromSmarts("[!+0]")
_ODD = Chem.MolFromSmarts("[#16!H0!v2,#15!H0!v3,#53!H0!v1]")
"""Sulphur, phosphorus and iodine with a hydrogen beyond their lowest valence, as in S(=O)H."""


@dataclass(frozen=True)
class Parent:
    """A molecule that has many children, and what each of them asks of it.

    Attributes:
        mol: as `editable` gives it; it is not to be changed.
    """

    mol: Chem.RWMol

    @cached_property
    def bonds(self) -> list[tuple[int, int]]:
        """See `open_bonds`."""
        return open_bonds(self.mol)

    @cached_property
    def largest_ring(self) -> int:
        """See `largest_ring_of`."""
        return largest_ring_of(self.mol)

    @cached_property
    def _neighbours(self) -> list[list[int]]:
        return [[other.GetIdx() for other in atom.GetNeighbors()] for atom in self.mol.GetAtoms()]

    def side(self, atom: int, cut: Sequence[tuple[int, int]]) -> set[int]:
        """Atoms that hang together with one when bonds are cut.

        Args:
            atom: number.
            cut: ends of bonds.
        """
        closed = {*cut, *((end, begin) for begin, end in cut)}
        found, ahead = {atom}, [atom]
        while ahead:
            here = ahead.pop()
            for there in self._neighbours[here]:
                if there not in found and (here, there) not in closed:
                    found.add(there)
                    ahead.append(there)
        return found


@lru_cache(1024)  # good molecules have many children
def parent(smiles: str) -> Parent:
    """A molecule to be cut or changed.

    Args:
        smiles: valid.
    """
    mol = Chem.RWMol(Chem.MolFromSmiles(smiles))
    Chem.Kekulize(mol, clearAromaticFlags=True)
    for atom in mol.GetAtoms():
        if atom.GetFormalCharge() == 0:
            atom.SetNoImplicit(False)
            atom.SetNumExplicitHs(0)
    return Parent(mol)


def editable(smiles: str) -> Chem.RWMol:
    """A molecule with alternating bonds in place of aromatic ones, whose atoms take the hydrogens that they lack.

    Example:
        >>> mol = editable("c1cc[nH]c1")
        >>> sorted(str(bond.GetBondType()) for bond in mol.GetBonds()), mol.GetAtomWithIdx(3).GetNumExplicitHs()
        (['DOUBLE', 'DOUBLE', 'SINGLE', 'SINGLE', 'SINGLE'], 0)
    """
    return Chem.RWMol(parent(smiles).mol)


def finished(mol: Chem.Mol, largest_ring: int = LARGEST) -> str | None:
    """Canonical SMILES of an edited molecule; None where it is not strictly valid or cannot exist.

    Args:
        mol: edited; it is not changed.
        largest_ring: atoms of the largest ring that it may have.

    Example:
        >>> finished(editable("C1=CC=CC=C1")), finished(editable("C1CC#CC1"))
        ('c1ccccc1', None)
    """
    made = strict_molecule(mol)
    if made is None or implausible(made) or largest_ring_of(made) > largest_ring or made.HasSubstructMatch(_ODD):
        return None
    return str(Chem.MolToSmiles(made))


def largest_ring_of(mol: Chem.Mol) -> int:
    """Atoms of the largest ring, 0 where there is none."""
    return max((len(ring) for ring in mol.GetRingInfo().AtomRings()), default=0)


def charged_atoms(mol: Chem.Mol) -> set[int]:
    """Numbers of the atoms with a charge."""
    return {atom for (atom,) in mol.GetSubstructMatches(_CHARGED)}  # a loop over atoms in Python takes 20 times as long


def neutral_bonds(mol: Chem.Mol, numbers: Iterable[int] | None = None) -> list[Chem.Bond]:
    """Bonds between atoms without charge: charged atoms belong together, as in a nitro group.

    Args:
        mol: molecule.
        numbers: of the bonds that are asked for; by default all.
    """
    charged = charged_atoms(mol)
    bonds = [mol.GetBondWithIdx(number) for number in (range(mol.GetNumBonds()) if numbers is None else numbers)]
    if not charged:
        return bonds
    return [bond for bond in bonds if bond.GetBeginAtomIdx() not in charged and bond.GetEndAtomIdx() not in charged]


def open_bonds(mol: Chem.Mol) -> list[tuple[int, int]]:
    """Ends of the single bonds in no ring, where a molecule can be cut in two."""
    return [
        (bond.GetBeginAtomIdx(), bond.GetEndAtomIdx())
        for bond in neutral_bonds(mol)
        if bond.GetBondType() == Chem.BondType.SINGLE and not bond.IsInRing()
    ]
