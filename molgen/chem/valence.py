"""Largest and usual valences of atom categories."""

from __future__ import annotations

from rdkit import Chem

from molgen.chem.vocabulary import Vocabulary

_UNLIMITED = 99


def capacities(vocabulary: Vocabulary) -> list[int]:
    """Largest valence that the bonds of each atom category can have, without the explicit hydrogens of its token.

    A charged atom has the valences of the neutral one with as many electrons, as in RDKit: N+ those of C.
    """
    return [_capacity(atom) for atom in vocabulary.templates]


def aromatic_valences(vocabulary: Vocabulary) -> list[int]:
    """Usual valence of each aromatic atom category, without the explicit hydrogens of its token; 0 of the others."""
    return [_usual(atom) if atom.GetIsAromatic() else 0 for atom in vocabulary.templates]


def _usual(atom: Chem.Atom) -> int:
    number = max(1, atom.GetAtomicNum() - atom.GetFormalCharge())
    return max(0, Chem.GetPeriodicTable().GetDefaultValence(number) - atom.GetNumExplicitHs())


def _capacity(atom: Chem.Atom) -> int:
    table = Chem.GetPeriodicTable()
    valences = list(table.GetValenceList(max(1, atom.GetAtomicNum() - atom.GetFormalCharge())))
    most = _UNLIMITED if -1 in valences else max(valences)
    return max(0, most - atom.GetNumExplicitHs())
