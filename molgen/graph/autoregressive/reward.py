"""Reward for attempts: what they are made under, and how much each weighs."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from rdkit import Chem
from torch import Tensor

from molgen.chem.bonds import BOND_NAMES
from molgen.chem.vocabulary import Vocabulary
from molgen.constraints.fragment import Fragment, components
from molgen.features.named_properties import PROPERTIES, property_values
from molgen.graph.autoregressive.decoder import Targets
from molgen.graph.autoregressive.given import Given
from molgen.graph.autoregressive.orders import PIECES
from molgen.graph.autoregressive.plan import Asked
from molgen.graph.autoregressive.teacher_forcing import TeacherForcing

GROUP = 4
"""Free attempts that are asked for the same."""


def asked_as_in(batch: TeacherForcing, vocabulary: Vocabulary) -> tuple[Asked, int]:
    """What attempts are made under, so that they are free and constrained as often as in training.

    Where the first molecule of the batch has given pieces, all attempts have these, and its properties as far as they
    are not withheld. Otherwise each group of `GROUP` attempts has the properties of one molecule.

    Returns:
        What is asked of each attempt, and how many attempts, one after the other, are asked for the same.
    """
    rows = len(batch)
    targets = Targets(batch.properties, batch.known) if batch.properties.shape[1] else None
    if not rows or int(batch.order[0]) != PIECES:
        first = torch.arange(rows, device=batch.known.device) // GROUP * GROUP
        return Asked(None, None if targets is None else Targets(*(part[first] for part in targets))), GROUP
    if targets is not None:
        targets = Targets(*(part[:1].expand(rows, -1) for part in targets))
    return Asked(Given.of(given_fragment(batch, 0, vocabulary), vocabulary), targets), rows


def followed(smiles: str, names: Sequence[str], values: Tensor, known: Tensor, deviations: Tensor) -> float:
    """How near a molecule comes to the properties asked for, 0 to 1.

    Mean over these of exp(-|deviation from the target in standard deviations of the training molecules|); 1 where
    nothing is asked for that can be computed.

    Args:
        smiles: of the molecule.
        names: of the model's properties.
        values: targets ``(P,)``.
        known: which of them are asked for ``(P,)``.
        deviations: standard deviations ``(P,)``.
    """
    asked = [number for number in known.nonzero()[:, 0].tolist() if names[number] in PROPERTIES]
    if not asked:
        return 1.0
    found = property_values(Chem.MolFromSmiles(smiles), [names[number] for number in asked])
    far = (torch.tensor(found) - values[asked]).abs() / deviations[asked]
    return float((-far).exp().mean())


def advantages(rewards: Tensor, group: int) -> Tensor:
    """Each reward less the mean of the others of its group; 0 for one that is alone.

    So the baseline does not depend on the attempt (Kool et al., 2019), and takes account of what is asked for.

    Args:
        rewards: ``(B,)``, the attempts of a group one after the other.
        group: number of attempts of a group; the last may have fewer.
    """
    parts = []
    for part in torch.split(rewards, group):
        others = max(1, len(part) - 1)
        parts.append((part - part.mean()) * len(part) / others)
    return torch.cat(parts) if parts else rewards


def given_fragment(batch: TeacherForcing, row: int, vocabulary: Vocabulary) -> Fragment:
    """The given pieces of a molecule, with attachment points where the batch says how many bonds leave their atoms.

    Args:
        batch: molecules in generation order.
        row: of a molecule with given pieces.
        vocabulary: of the batch.
    """
    k = int(batch.given[row])
    bonds = _square(batch.neighbours[row].cpu().numpy(), batch.bonds[row].cpu().numpy())
    said = int(batch.features.open[row, k - 1]) > 0
    names = [[BOND_NAMES[kind] for kind in bonds[i, k:] if kind] if said else [] for i in range(k)]
    inside = [(i, j, BOND_NAMES[bonds[i, j]]) for i in range(k) for j in range(i + 1, k) if bonds[i, j]]
    return Fragment(
        text="",
        atoms=tuple(vocabulary.atoms[category] for category in batch.atoms[row, :k].tolist()),
        bonds=tuple(inside),
        pieces=components(k, inside),
        attachments=tuple(map(tuple, names)),
    )


def _square(neighbours: NDArray[np.int64], kinds: NDArray[np.int64]) -> NDArray[np.int64]:
    """Bonds ``(n, n)``, symmetric, from those of each atom to atoms before it ``(n, R)``."""
    n = len(neighbours)
    square = np.zeros((n, n), np.int64)
    for atom, number in zip(*np.nonzero(kinds), strict=True):
        other = neighbours[atom, number]
        square[atom, other] = square[other, atom] = kinds[atom, number]
    return square
