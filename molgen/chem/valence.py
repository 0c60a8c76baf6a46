"""How many bonds an atom can have."""

from __future__ import annotations

from rdkit import Chem

from molgen.chem.vocabulary import Vocabulary

_UNLIMITED = 99


def capacities(vocabulary: Vocabulary) -> list[int]:
    """Largest valence that the bonds of each atom category can have, hydrogens that its token states left out.

    A charged atom has the valences of the neutral one with as many electrons, as in RDKit: N+ those of C.
    """
    return [_capacity(atom) for atom in vocabulary.templates]


def _capacity(atom: Chem.Atom) -> int:
    table = Chem.GetPeriodicTable()
    valences = list(table.GetValenceList(max(1, atom.GetAtomicNum() - atom.GetFormalCharge())))
    most = _UNLIMITED if -1 in valences else max(valences)
    return max(0, most - atom.GetNumExplicitHs())
