"""What is given of a molecule: atoms in one or more connected pieces, and where bonds may leave them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property

from rdkit import Chem

from molgen.chem.bonds import BOND_INDEX, BOND_NAMES, BOND_TYPES
from molgen.errors import UsageError

_MATCHES = 10_000
"""Most ways in which a piece is looked for in a molecule."""
_HYPERVALENCES = {"P": 5, "S": 6}


@dataclass(frozen=True)
class Fragment:
    """A part of a molecule; see `parse_fragment`.

    Attributes:
        text: as given.
        atoms: tokens of the atoms. Pieces come one after the other, and every atom but the first of a piece is bonded
            to an earlier one.
        bonds: numbers of two atoms, the smaller first, and the name of the bond, one of `BOND_NAMES`.
        pieces: number of the piece that each atom belongs to, from 0 on.
        attachments: of each atom, names of the bonds that leave it, one per attachment point.
    """

    text: str
    atoms: tuple[str, ...]
    bonds: tuple[tuple[int, int, str], ...]
    pieces: tuple[int, ...]
    attachments: tuple[tuple[str, ...], ...]

    def marked(self, piece: int) -> bool:
        """Whether a piece has attachment points; then no other bonds leave it."""
        return any(names for names, own in zip(self.attachments, self.pieces, strict=True) if own == piece)

    @cached_property
    def mol(self) -> Chem.Mol:
        """The molecule of the fragment, a dummy atom at every attachment point."""
        return _read(self.text)

    def contained_in(self, molecule: str | Chem.Mol) -> bool:
        """Whether a molecule contains all pieces, apart from each other, with attachment points used as marked.

        A piece is contained where RDKit finds its atoms, with their charges, their aromaticity and the hydrogens that
        their tokens state, and all bonds between these atoms are those of the piece. Of a piece with attachment points
        nothing else may be bonded to the rest of the molecule.

        Args:
            molecule: SMILES, or a sanitised molecule.

        Example:
            >>> fragment = parse_fragment("*c1ccccc1")
            >>> fragment.contained_in("Cc1ccccc1"), fragment.contained_in("Cc1ccc(C)cc1")
            (True, False)
        """
        return self.find(molecule) is not None

    def find(self, molecule: str | Chem.Mol) -> tuple[int, ...] | None:
        """Numbers of the atoms of the pieces in a molecule, or None where it does not contain them.

        Example:
            >>> parse_fragment("*N.*O").find("OCCN")
            (3, 0)
        """
        mol = Chem.MolFromSmiles(molecule) if isinstance(molecule, str) else molecule
        if mol is None:
            return None
        found: list[dict[frozenset[int], tuple[int, ...]]] = []
        for piece in self._parts:
            matches = mol.GetSubstructMatches(piece.query, uniquify=False, maxMatches=_MATCHES)
            found.append({frozenset(match): match for match in matches if piece.joined_as_marked(mol, match)})
        return _disjoint(found)

    @cached_property
    def _parts(self) -> list[_Piece]:
        numbers: dict[int, list[int]] = defaultdict(list)
        for atom, piece in enumerate(self.pieces):
            numbers[piece].append(atom)
        return [_Piece.of(self, numbers[piece]) for piece in sorted(numbers)]


@dataclass(frozen=True)
class _Piece:
    """One connected piece as a query.

    Attributes:
        query: its atoms and bonds.
        attachments: of each atom, names of the bonds that leave it, in alphabetical order.
        marked: whether nothing else leaves it.
    """

    query: Chem.Mol
    attachments: tuple[list[str], ...]
    marked: bool

    @classmethod
    def of(cls, fragment: Fragment, atoms: Sequence[int]) -> _Piece:
        """The piece of a fragment that has these atoms."""
        query, position = Chem.RWMol(), {atom: number for number, atom in enumerate(atoms)}
        for atom in atoms:
            query.AddAtom(Chem.AtomFromSmarts(_smarts(fragment.atoms[atom])))
        for i, j, name in fragment.bonds:
            if i in position:
                query.AddBond(position[i], position[j], BOND_TYPES[BOND_NAMES.index(name)])
        attachments = tuple(sorted(fragment.attachments[atom]) for atom in atoms)
        return cls(query.GetMol(), attachments, any(attachments))

    def joined_as_marked(self, mol: Chem.Mol, match: Sequence[int]) -> bool:
        """Whether matched atoms have no further bonds among each other, nor to others where that is not marked."""
        own = set(match)
        for number, index in enumerate(match):
            leaving, inside = [], 0
            for bond in mol.GetAtomWithIdx(index).GetBonds():
                if bond.GetOtherAtomIdx(index) in own:
                    inside += 1
                else:
                    leaving.append(BOND_NAMES[BOND_INDEX.get(bond.GetBondType(), 0)])
            if inside != self.query.GetAtomWithIdx(number).GetDegree():
                return False
            if self.marked and sorted(leaving) != self.attachments[number]:
                return False
        return True


def _smarts(token: str) -> str:
    """Query for an atom token: element, aromaticity, charge, and hydrogens where the token states them."""
    atom = Chem.MolFromSmiles(token, sanitize=False).GetAtomWithIdx(0)
    kind = "a" if atom.GetIsAromatic() else "A"
    hydrogens = f";H{atom.GetNumExplicitHs()}" if token.startswith("[") else ""
    return f"[#{atom.GetAtomicNum()};{kind};{atom.GetFormalCharge():+d}{hydrogens}]"


def _disjoint(found: Sequence[dict[frozenset[int], tuple[int, ...]]]) -> tuple[int, ...] | None:
    """One match of each piece, no atom taken twice."""

    def search(number: int, taken: frozenset[int]) -> tuple[int, ...] | None:
        if number == len(found):
            return ()
        for atoms, match in found[number].items():
            if not atoms & taken:
                rest = search(number + 1, taken | atoms)
                if rest is not None:
                    return match + rest
        return None

    return search(0, frozenset())


def parse_fragment(text: str) -> Fragment:
    """Read a fragment from SMILES.

    ``*`` is an attachment point: exactly one bond leaves there, single unless another one is written; its isotope and
    map number mean nothing. A piece without attachment points may grow at any atom with free valence. Pieces are
    separated by ``.``. Stereo is dropped.

    Raises:
        UsageError: it cannot be read, has no atoms, has an attachment point that is not bonded to one atom, or a piece
            that nothing can be bonded to.

    Example:
        >>> fragment = parse_fragment("*c1ccccc1.*N")
        >>> fragment.atoms, fragment.pieces, fragment.attachments[0]
        (('N', 'c', 'c', 'c', 'c', 'c', 'c'), (0, 1, 1, 1, 1, 1, 1), ('single',))
    """
    mol = _read(text)
    dummies = {atom.GetIdx() for atom in mol.GetAtoms() if atom.GetAtomicNum() == 0}
    for index in dummies:
        atom = mol.GetAtomWithIdx(index)
        if atom.GetDegree() != 1 or atom.GetNeighbors()[0].GetIdx() in dummies:
            raise UsageError(f"the fragment {text!r} has a * that is not bonded to exactly one atom")
    kept = [index for index in range(mol.GetNumAtoms()) if index not in dummies]
    if not kept:
        raise UsageError(f"the fragment {text!r} has no atoms")
    number = {index: position for position, index in enumerate(kept)}
    attachments: list[list[str]] = [[] for _ in kept]
    bonds = []
    for bond in mol.GetBonds():
        ends = sorted((bond.GetBeginAtomIdx(), bond.GetEndAtomIdx()))
        name = BOND_NAMES[BOND_INDEX[bond.GetBondType()]]
        given = [number[end] for end in ends if end in number]
        if len(given) == 2:
            bonds.append((given[0], given[1], name))
        else:
            attachments[given[0]].append(name)
    pieces = [0] * len(kept)
    for piece, indices in enumerate(Chem.GetMolFrags(mol)):
        if not any(may_grow(mol.GetAtomWithIdx(index)) for index in indices):
            written = Chem.MolFragmentToSmiles(mol, indices)
            raise UsageError(f"nothing can be bonded to the piece {written} of the fragment {text!r}: mark a * in it")
        for index in set(indices) - dummies:
            pieces[number[index]] = piece
    tokens = tuple(mol.GetAtomWithIdx(index).GetSmarts() for index in kept)
    return Fragment(text, tokens, tuple(sorted(bonds)), tuple(pieces), tuple(map(tuple, attachments)))


def part_of(mol: Chem.Mol, atoms: Iterable[int]) -> Fragment:
    """Some atoms of a molecule as a fragment that may grow anywhere, each atom as it is in the molecule.

    So a pyrrole nitrogen with a substituent, which is not of the fragment, stands there without its hydrogen.

    Args:
        mol: sanitised, without stereo.
        atoms: their numbers.

    Example:
        >>> sorted(part_of(Chem.MolFromSmiles("Cn1cccc1"), range(1, 6)).atoms)
        ['c', 'c', 'c', 'c', 'n']
    """
    chosen = sorted(set(atoms))
    text = Chem.MolFragmentToSmiles(mol, chosen)
    order = [int(number) for number in mol.GetProp("_smilesAtomOutputOrder").strip("[],").split(",")]
    position = {index: number for number, index in enumerate(order)}
    bonds = []
    for bond in mol.GetBonds():
        ends = (bond.GetBeginAtomIdx(), bond.GetEndAtomIdx())
        if all(end in position for end in ends):
            first, second = sorted(position[end] for end in ends)
            bonds.append((first, second, BOND_NAMES[BOND_INDEX[bond.GetBondType()]]))
    tokens = tuple(mol.GetAtomWithIdx(index).GetSmarts() for index in order)
    return Fragment(text, tokens, tuple(sorted(bonds)), components(len(order), bonds), ((),) * len(order))


def components(atoms: int, bonds: Iterable[tuple[int, int, str]]) -> tuple[int, ...]:
    """Number of the connected component of each atom, from 0 on in the order of their first atoms.

    Example:
        >>> components(4, [(0, 2, "single")])
        (0, 1, 0, 2)
    """
    component = list(range(atoms))
    for i, j, _ in bonds:
        old, new = max(component[i], component[j]), min(component[i], component[j])
        component = [new if own == old else own for own in component]
    numbers = {first: number for number, first in enumerate(dict.fromkeys(component))}
    return tuple(numbers[first] for first in component)


def may_grow(atom: Chem.Atom) -> bool:
    """Whether it is an attachment point, or has free valence that its token does not give to hydrogens."""
    if atom.GetAtomicNum() == 0 or atom.GetNumImplicitHs():
        return True
    if atom.GetIsAromatic() or atom.GetSmarts().startswith("["):
        return False
    return bool(atom.GetTotalValence() < _HYPERVALENCES.get(atom.GetSymbol(), 0))


def _read(text: str) -> Chem.Mol:
    """The molecule of a fragment, atoms in the order of its canonical SMILES, stereo and numbers of ``*`` left out."""
    mol = Chem.MolFromSmiles(text) if text else None
    if mol is None:
        raise UsageError(f"the fragment {text!r} is not SMILES that RDKit can read")
    Chem.RemoveStereochemistry(mol)
    for atom in mol.GetAtoms():
        atom.SetAtomMapNum(0)
        if atom.GetAtomicNum() == 0:
            atom.SetIsotope(0)
    again = Chem.MolFromSmiles(Chem.MolToSmiles(mol))
    if again is None or any(bond.GetBondType() not in BOND_INDEX for bond in again.GetBonds()):
        raise UsageError(f"the fragment {text!r} has bonds that are neither single, double, triple nor aromatic")
    return again
