"""Costs of bonds given the atoms, for training and likelihood of autoregressive graph models."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from molgen.graph.autoregressive.network import NeighbourHead
from molgen.graph.autoregressive.partial_graph import BONDS, RELATIONS
from molgen.graph.autoregressive.teacher_forcing import TeacherForcing


def neighbour_costs(head: NeighbourHead, h: Tensor, batch: TeacherForcing, predicted: Tensor) -> Tensor:
    """- log p of the bonds of the atoms that are predicted, given the atoms, nats, ``(B,)``.

    Args:
        head: of the model.
        h: states of the slots that predict each atom ``(B, n, width)``.
        batch: molecules.
        predicted: which atoms are ``(B, n)``, bool.
    """
    (rows, n), places = batch.atoms.shape, batch.places
    states = torch.cat([h[:, 1:], h[:, :1]], dim=1)  # of the slot that read each atom; the last one is never picked
    bonded = batch.bonds > 0
    choices = nn.functional.pad(bonded, (1, 0), value=True) & predicted[..., None]  # up to the stop
    row, m, number = choices.nonzero(as_tuple=True)
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
        (h + head.kind(batch.atoms)).flatten(0, 1).index_select(0, here) + _chosen(head, states, batch, row, m, number),
        keys.flatten(0, 1).index_select(0, here),
        around[row, m, number].long(),
        (before[m] & (places[row] < last[row, m, number][:, None]))[:, None],
    )
    costs = nn.functional.cross_entropy(logits, picked[row, m, number], reduction="none")
    return costs.new_zeros(rows).index_add(0, row, costs)


def _chosen(
    head: NeighbourHead, states: Tensor, batch: TeacherForcing, row: Tensor, m: Tensor, number: Tensor
) -> Tensor:
    """Sums of `NeighbourHead.context` over the neighbours chosen before each choice ``(M, width)``."""
    each = torch.arange(batch.bonds.shape[2], device=row.device)
    choice, r = (each < number[:, None]).nonzero(as_tuple=True)
    where = row[choice], m[choice], r
    neighbours = states.flatten(0, 1).index_select(0, where[0] * states.shape[1] + batch.neighbours[where])
    context = head.context(neighbours, batch.bonds[where])
    return context.new_zeros(len(row), context.shape[1]).index_add(0, choice, context)
