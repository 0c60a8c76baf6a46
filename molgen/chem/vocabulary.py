"""The categories of atoms and bonds, learned from data and stored with the model."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property

from rdkit import Chem

from molgen.errors import MoleculeError, MolgenError

MOST_TOKENS = 255
"""Atom tokens that a vocabulary can have."""


@dataclass(frozen=True)
class Vocabulary:
    """Atom tokens, written as SMILES atoms.

    A token without brackets (``C``, ``n``) has the hydrogens that follow from its valence; one in brackets (``[nH]``,
    ``[O-]``, ``[NH3+]``) states charge and hydrogen count, because there they are ambiguous. Bonds are always the five
    of `molgen.chem.bonds`.

    Attributes:
        atoms: distinct tokens, most frequent first.
        kekulized: whether aromatic rings are written with alternating bonds.
    """

    atoms: tuple[str, ...]
    kekulized: bool = False

    def __post_init__(self) -> None:
        if not self.atoms:
            raise MolgenError("a vocabulary needs at least one atom token")
        if len(set(self.atoms)) != len(self.atoms):
            raise MolgenError("a vocabulary lists an atom token twice")
        if len(self.atoms) > MOST_TOKENS:
            raise MolgenError(f"{len(self.atoms)} atom tokens; at most {MOST_TOKENS} are supported")
        for token in self.atoms:
            read_token(token)

    @classmethod
    def learn(cls, molecules: Iterable[Sequence[str]], kekulized: bool = False) -> Vocabulary:
        """Vocabulary of all tokens in `molecules`, each a sequence of atom tokens."""
        counts: Counter[str] = Counter()
        for tokens in molecules:
            counts.update(tokens)
        return cls.from_counts(counts, kekulized)

    @classmethod
    def from_counts(cls, counts: Counter[str], kekulized: bool = False) -> Vocabulary:
        """Vocabulary in order of falling frequency, ties in alphabetical order."""
        return cls(tuple(sorted(counts, key=lambda token: (-counts[token], token))), kekulized)

    @cached_property
    def index(self) -> dict[str, int]:
        """Category number of each atom token."""
        return {token: i for i, token in enumerate(self.atoms)}

    @cached_property
    def templates(self) -> tuple[Chem.Atom, ...]:
        """An RDKit atom for each token, to be copied into molecules."""
        return tuple(read_token(token) for token in self.atoms)

    def encode(self, tokens: Sequence[str]) -> list[int]:
        """Category numbers of atom tokens.

        Raises:
            MoleculeError: reason ``unknown_atom``.
        """
        try:
            return [self.index[token] for token in tokens]
        except KeyError as error:
            raise MoleculeError("unknown_atom", f"atom {error.args[0]} is not in the vocabulary") from None


def read_token(token: str) -> Chem.Atom:
    """The RDKit atom of a token.

    Raises:
        MolgenError: the token is not one SMILES atom.
    """
    mol = Chem.MolFromSmiles(token, sanitize=False) if 0 < len(token) <= 16 else None
    if mol is None or mol.GetNumAtoms() != 1:
        raise MolgenError(f"{token!r} is not an atom token")
    return mol.GetAtomWithIdx(0)
