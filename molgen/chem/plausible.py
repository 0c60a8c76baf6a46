"""Molecules that satisfy every valence and yet cannot exist: rings that geometry does not allow.

Sanitisation counts bonds and electrons and checks no angle. The checks here name what is too strained to be made:
each limit is one below the smallest ring that was isolated.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import combinations

from rdkit import Chem

from molgen.chem.standardize import parsed_or_none

_SHORTEST_BRIDGE = {2: 5, 3: 6}
"""Fewest atoms of a bridge across an aromatic ring, by the distance of its ends: [5]metacyclophane and
[6]paracyclophane are the smallest that were isolated (Kane et al., Angew. Chem. 1985)."""

_LINEAR = 8
"""Smallest ring with a triple bond or cumulated double bonds: cyclooctyne."""

_STRAIGHT = Chem.MolFromSmarts("[$(*#;@*),$([#6,#7](=;@*)=;@*)]")
"""Atoms of rings that want an angle of 180 degrees: of most molecules none, so that their rings need not be walked."""

_TRANS = 8
"""Smallest ring with a trans double bond, which a double bond at a bridgehead is (Bredt's rule)."""


def implausible(mol: Chem.Mol) -> str | None:
    """Why a sanitised molecule cannot exist, None where nothing speaks against it.

    >>> implausible(Chem.MolFromSmiles("C1CC#CC1"))
    'a triple bond or cumulated double bonds in a ring of fewer than 8 atoms'
    """
    rings = [tuple(ring) for ring in mol.GetRingInfo().AtomRings()]
    if mol.HasSubstructMatch(_STRAIGHT) and any(_linear(mol, ring) for ring in rings if len(ring) < _LINEAR):
        return f"a triple bond or cumulated double bonds in a ring of fewer than {_LINEAR} atoms"
    if sum(map(len, rings)) > len(set().union(*rings)):  # some share an atom
        if any(_bridged(mol, ring) for ring in rings if _aromatic(mol, ring)):
            return "an aromatic ring with a short bridge across it"
        if any(_bredt(mol, first, second) for first, second in combinations(rings, 2)):
            return "a double bond at a bridgehead of small rings"
        if any(_double_fusion(mol, first, second) for first, second in combinations(rings, 2)):
            return "a double bond shared by rings of three and at most four atoms"
    return None


def is_plausible(smiles: str) -> bool:
    """Whether RDKit reads a SMILES and nothing in it is `implausible`."""
    mol = parsed_or_none(smiles)
    return mol is not None and implausible(mol) is None


def _ring_bonds(mol: Chem.Mol, ring: Sequence[int]) -> Iterator[Chem.Bond]:
    for first, second in zip(ring, (*ring[1:], ring[0]), strict=True):
        yield mol.GetBondBetweenAtoms(first, second)


def _aromatic(mol: Chem.Mol, ring: Sequence[int]) -> bool:
    return len(ring) <= 7 and all(bond.GetIsAromatic() for bond in _ring_bonds(mol, ring))


def _linear(mol: Chem.Mol, ring: Sequence[int]) -> bool:
    orders = [bond.GetBondType() for bond in _ring_bonds(mol, ring)]
    double = Chem.BondType.DOUBLE
    cumulated = (
        first == second == double and mol.GetAtomWithIdx(atom).GetAtomicNum() in (6, 7)
        for atom, first, second in zip(ring, (orders[-1], *orders[:-1]), orders, strict=True)
    )
    return Chem.BondType.TRIPLE in orders or any(cumulated)


def _bridged(mol: Chem.Mol, ring: Sequence[int]) -> bool:
    """Whether a path outside the ring joins two atoms of it that are not neighbours, shorter than any known one."""
    inside = set(ring)
    exits = [i for i, atom in enumerate(ring) if any(n not in inside for n in _ring_neighbours(mol, atom))]
    for i, j in combinations(exits, 2):
        distance = min(j - i, len(ring) - j + i)
        if distance > 1:
            limit = _SHORTEST_BRIDGE[min(distance, 3)] - 1
            if _joined(mol, ring[i], ring[j], inside, limit):
                return True
    return False


def _ring_neighbours(mol: Chem.Mol, atom: int) -> list[int]:
    return [bond.GetOtherAtomIdx(atom) for bond in mol.GetAtomWithIdx(atom).GetBonds() if bond.IsInRing()]


def _joined(mol: Chem.Mol, start: int, end: int, ring: set[int], longest: int) -> bool:
    """Whether a path of 1 to `longest` atoms, none of the ring, joins two of its atoms."""
    seen = level = {n for n in _ring_neighbours(mol, start) if n not in ring}
    for _ in range(longest):
        following = {n for atom in level for n in _ring_neighbours(mol, atom)}
        if end in following:
            return True
        level = following - ring - seen
        seen = seen | level
    return False


def _bredt(mol: Chem.Mol, first: Sequence[int], second: Sequence[int]) -> bool:
    """Whether two rings that share a path of two bonds or more have a double bond at an end of it, trans in both."""
    shared = set(first) & set(second)
    if len(shared) < 3:
        return False
    lengths = {"shared": len(shared) - 2, "first": len(first) - len(shared), "second": len(second) - len(shared)}
    if min(lengths.values()) < 1:
        return False
    members = {"shared": shared, "first": set(first) - shared, "second": set(second) - shared}
    heads = [atom for atom in shared if sum(n in shared for n in _ring_neighbours(mol, atom)) == 1]
    for head in heads:
        for bond in mol.GetAtomWithIdx(head).GetBonds():
            if bond.GetBondType() != Chem.BondType.DOUBLE:
                continue
            other = bond.GetOtherAtomIdx(head)
            for name, atoms in members.items():
                if other in atoms and other not in heads:
                    longest = max(lengths[rest] for rest in lengths if rest != name)
                    if lengths[name] + longest + 2 < _TRANS:
                        return True
    return False


def _double_fusion(mol: Chem.Mol, first: Sequence[int], second: Sequence[int]) -> bool:
    shared = set(first) & set(second)
    if len(shared) != 2 or len(first) + len(second) > 7:
        return False
    bond = mol.GetBondBetweenAtoms(*shared)
    return bond is not None and bond.GetBondTypeAsDouble() > 1
