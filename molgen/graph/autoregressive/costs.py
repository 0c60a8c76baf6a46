"""Costs of bonds given the atoms, for training and likelihood of autoregressive graph models."""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor, nn

from molgen.graph.autoregressive.network import NeighbourHead
from molgen.graph.autoregressive.partial_graph import BONDS, RELATIONS
from molgen.graph.autoregressive.teacher_forcing import TeacherForcing


class Choices(NamedTuple):
    """All that is chosen for the atoms that are predicted: neighbours one after the other, and then the stop.

    Attributes:
        rows: molecule of each choice ``(M,)``.
        atoms: atom that it is made for ``(M,)``.
        numbers: of neighbours chosen before it ``(M,)``.
        of: choice that each neighbour chosen before one is read by ``(K,)``.
        earlier: which neighbour of its atom that is ``(K,)``.
    """

    rows: Tensor
    atoms: Tensor
    numbers: Tensor
    of: Tensor
    earlier: Tensor


def list_choices(batch: TeacherForcing, predicted: Tensor) -> Choices:
    """The choices of a batch.

    How many there are is known on the host alone, which waits here for a GPU. So this comes before the network.

    Args:
        batch: molecules.
        predicted: which atoms are ``(B, n)``, bool.
    """
    up_to_stop = nn.functional.pad(batch.bonds > 0, (1, 0), value=True) & predicted[..., None]
    rows, atoms, numbers = up_to_stop.nonzero(as_tuple=True)
    each = torch.arange(batch.bonds.shape[2], device=rows.device)
    return Choices(rows, atoms, numbers, *(each < numbers[:, None]).nonzero(as_tuple=True))


def neighbour_costs(head: NeighbourHead, h: Tensor, batch: TeacherForcing, choices: Choices) -> Tensor:
    """- log p of the bonds of the atoms that are predicted, given the atoms, nats, ``(B,)``.

    Args:
        head: of the model.
        h: states of the slots that predict each atom ``(B, n, width)``.
        batch: molecules.
        choices: from `list_choices`.
    """
    (rows, n), places = batch.atoms.shape, batch.places
    row, m, number = choices[:3]
    states = torch.cat([h[:, 1:], h[:, :1]], dim=1)  # of the slot that read each atom; the last one is never picked
    bonded = batch.bonds > 0
    here = row * n + m
    before = torch.ones(n, n, dtype=torch.bool, device=h.device).tril(-1)
    used, aromatic, growth = (  # just before each atom is added
        nn.functional.pad(codes.long(), (0, 0, 1, -1)) * before for codes in batch.features[1:4]
    )
    keys = head.keys(states, batch.atoms, used, aromatic, growth, places[:, :, None] - places[:, None])
    around = nn.functional.pad(batch.around, (0, 0, 1, 0), value=RELATIONS)
    last = places[:, None].expand(-1, n, -1).gather(2, batch.neighbours)
    last = nn.functional.pad(last, (1, 0), value=n)
    picked = torch.where(bonded, (batch.bonds - 1) * n + batch.neighbours, (BONDS - 1) * n)
    picked = nn.functional.pad(picked, (0, 1), value=(BONDS - 1) * n)
    logits = head(
        (h + head.kind(batch.atoms)).flatten(0, 1).index_select(0, here) + _chosen(head, states, batch, choices),
        keys.flatten(0, 1).index_select(0, here),
        around[row, m, number].long(),
        (before[m] & (places[row] < last[row, m, number][:, None]))[:, None],
    )
    costs = nn.functional.cross_entropy(logits, picked[row, m, number], reduction="none")
    return costs.new_zeros(rows).index_add(0, row, costs)


def _chosen(head: NeighbourHead, states: Tensor, batch: TeacherForcing, choices: Choices) -> Tensor:
    """Sums of `NeighbourHead.context` over the neighbours chosen before each choice ``(M, width)``."""
    where = choices.rows[choices.of], choices.atoms[choices.of], choices.earlier
    neighbours = states.flatten(0, 1).index_select(0, where[0] * states.shape[1] + batch.neighbours[where])
    context = head.context(neighbours, batch.bonds[where])
    return context.new_zeros(len(choices.rows), context.shape[1]).index_add(0, choices.of, context)
