"""Reward for valid attempts: what attempts are made under, and how much each weighs."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from molgen.chem.bonds import BOND_NAMES
from molgen.chem.vocabulary import Vocabulary
from molgen.constraints.fragment import Fragment, components
from molgen.graph.autoregressive.decoder import Targets
from molgen.graph.autoregressive.given import Given
from molgen.graph.autoregressive.orders import PIECES
from molgen.graph.autoregressive.plan import Asked
from molgen.graph.autoregressive.teacher_forcing import TeacherForcing


def asked_as_in(batch: TeacherForcing, vocabulary: Vocabulary) -> Asked:
    """What attempts are made under, so that they are free and constrained as often as in training.

    Where the first molecule of the batch has given pieces, all attempts have these, and its properties as far as they
    are not withheld. Otherwise every attempt has the properties of its own molecule.
    """
    targets = Targets(batch.properties, batch.known) if batch.properties.shape[1] else None
    if not len(batch) or int(batch.order[0]) != PIECES:
        return Asked(None, targets)
    if targets is not None:
        targets = Targets(*(part[:1].expand(len(batch), -1) for part in targets))
    return Asked(Given.of(given_fragment(batch, 0, vocabulary), vocabulary), targets)


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


def weights(valid: Tensor) -> tuple[Tensor, Tensor]:
    """Attempts whose log-likelihood is learned from, and the weight of each.

    The weight is (valid - share of valid ones). Where few are invalid, as many valid ones as invalid ones stand for all
    of them: the others would cost time and say little.

    Args:
        valid: which attempts are ``(B,)``.

    Returns:
        Numbers and weights ``(R,)``; none where all attempts are alike.
    """
    share = valid.float().mean()
    wrong, right = (~valid).nonzero()[:, 0], valid.nonzero()[:, 0]
    some = right[: len(wrong)]
    if not len(some):
        return some, some.float()
    gain = (1 - share) * len(right) / len(some)
    return torch.cat([some, wrong]), torch.cat([gain.expand(len(some)), -share.expand(len(wrong))])


def _square(neighbours: NDArray[np.int64], kinds: NDArray[np.int64]) -> NDArray[np.int64]:
    """Bonds ``(n, n)``, symmetric, from those of each atom to atoms before it ``(n, R)``."""
    n = len(neighbours)
    square = np.zeros((n, n), np.int64)
    for atom, number in zip(*np.nonzero(kinds), strict=True):
        other = neighbours[atom, number]
        square[atom, other] = square[other, atom] = kinds[atom, number]
    return square
