"""Largest and usual valences of atom categories."""

from __future__ import annotations

from functools import lru_cache

from rdkit import Chem

from molgen.chem.vocabulary import Vocabulary

UNLIMITED = 99
"""Of atoms that RDKit takes with any number of bonds, such as those of metals."""
_MOST = 8
"""Bonds of an atom in any molecule."""


@lru_cache
def capacities(vocabulary: Vocabulary) -> tuple[int, ...]:
    """Largest valence that the bonds of each atom category can have, without the explicit hydrogens of its token.

    It is what RDKit takes, and not a table of valences, since charges change these in ways of their own: N+ has the
    valence of C, and S- takes five bonds, like that of SF5-.

    Example:
        >>> capacities(Vocabulary(("C", "[N+]", "[NH3+]", "[O-]")))
        (4, 4, 1, 1)
    """
    return tuple(_capacity(atom) for atom in vocabulary.templates)


def aromatic_valences(vocabulary: Vocabulary) -> list[int]:
    """Usual valence of each aromatic atom category, without the explicit hydrogens of its token; 0 of the others."""
    return [_usual(atom) if atom.GetIsAromatic() else 0 for atom in vocabulary.templates]


def _usual(atom: Chem.Atom) -> int:
    number = max(1, atom.GetAtomicNum() - atom.GetFormalCharge())
    return max(0, Chem.GetPeriodicTable().GetDefaultValence(number) - atom.GetNumExplicitHs())


def _capacity(atom: Chem.Atom) -> int:
    most = max((bonds for bonds in range(_MOST + 2) if _takes(atom, bonds)), default=0)
    return UNLIMITED if most > _MOST else most


def _takes(atom: Chem.Atom, bonds: int) -> bool:
    """Whether RDKit takes an atom with so many single bonds to carbon."""
    mol = Chem.RWMol()
    mol.AddAtom(atom)
    mol.GetAtomWithIdx(0).SetIsAromatic(False)  # which it could only be in a ring
    for other in range(1, bonds + 1):
        mol.AddAtom(Chem.Atom("C"))
        mol.AddBond(0, other, Chem.BondType.SINGLE)
    return bool(Chem.SanitizeMol(mol, catchErrors=True) == Chem.SanitizeFlags.SANITIZE_NONE)
