"""A fragment as variables that the denoiser of whole graphs holds fixed."""

from __future__ import annotations

import torch
from torch import Tensor

from molgen.chem.bonds import BOND_NAMES
from molgen.chem.codec import pair_position
from molgen.chem.vocabulary import Vocabulary
from molgen.constraints.fragment import Fragment
from molgen.errors import MoleculeError, UsageError

NONE = BOND_NAMES.index("none")


class FrozenFragment:
    """Atoms and bonds of a fragment at the first places of a graph.

    The atoms of the fragment and all bonds between them are held fixed. Each attachment point has an atom of its own,
    right after the fragment, whose bond to it is held fixed; all other bonds of a piece with attachment points are held
    at none. Everything else is left to the model, so that a molecule may still fail to contain the fragment.

    Args:
        fragment: what is given.
        vocabulary: categories of atoms.

    Attributes:
        least: fewest atoms of a molecule around it.

    Raises:
        UsageError: it has atoms that are not in the vocabulary.
    """

    def __init__(self, fragment: Fragment, vocabulary: Vocabulary) -> None:
        if vocabulary.kekulized:
            raise UsageError("a model of alternating bonds takes no fragment")
        try:
            self.atoms = vocabulary.encode(fragment.atoms)
        except MoleculeError as error:
            raise UsageError(f"the fragment {fragment.text!r} does not fit the model: {error}") from None
        self.fragment = fragment
        self.points = [(atom, name) for atom, names in enumerate(fragment.attachments) for name in names]
        self.least = len(self.atoms) + max(1, len(self.points))

    def variables(self, size: int, rows: int, device: torch.device) -> dict[str, tuple[Tensor, Tensor]]:
        """Mask and values of the atoms ``(B, n)`` and bonds ``(B, n (n - 1) / 2)`` of graphs of some size."""
        given = len(self.atoms)
        atoms = dict(enumerate(self.atoms))
        bonds = {pair_position(i, j, size): NONE for j in range(given) for i in range(j)}
        for atom, piece in enumerate(self.fragment.pieces):
            if self.fragment.marked(piece):
                bonds |= {pair_position(atom, other, size): NONE for other in range(given, size)}
        for i, j, name in self.fragment.bonds:
            bonds[pair_position(i, j, size)] = BOND_NAMES.index(name)
        for number, (atom, name) in enumerate(self.points):
            bonds[pair_position(atom, given + number, size)] = BOND_NAMES.index(name)
        return {
            "atoms": _held(atoms, size, rows, device),
            "bonds": _held(bonds, size * (size - 1) // 2, rows, device),
        }


def _held(values: dict[int, int], count: int, rows: int, device: torch.device) -> tuple[Tensor, Tensor]:
    mask = torch.zeros(count, dtype=torch.bool, device=device)
    held = torch.zeros(count, dtype=torch.int64, device=device)
    index = torch.tensor(list(values), device=device)
    mask[index] = True
    held[index] = torch.tensor(list(values.values()), device=device)
    return mask.expand(rows, -1), held.expand(rows, -1)
