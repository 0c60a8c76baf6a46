"""Choices that no molecule allows, forbidden while a graph grows."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from molgen.chem.bonds import LEAST_ORDERS


class ValenceGuard:
    """Keeps valences within bounds and the graph in one piece.

    Args:
        capacities: largest valence of each atom category.
        rows: number of graphs.
        device: where.
    """

    def __init__(self, capacities: Sequence[int], rows: int, device: torch.device) -> None:
        self.capacities = torch.tensor(capacities, device=device)
        self.orders = torch.tensor(LEAST_ORDERS, device=device)
        self.taken = torch.zeros(rows, 0, dtype=torch.int64, device=device)

    def allowed(self, known: Tensor, new: Tensor, row: Tensor) -> Tensor:
        """Bonds of the new atoms that leave all valences within bounds, by category but none, ``(B, 4, m)``.

        Args:
            known: categories of the atoms known ``(B, m)``.
            new: of the new ones ``(B,)``.
            row: bonds already chosen for them ``(B, m)``.
        """
        left = self.capacities[known] - self.taken
        own = self.capacities[new] - self.orders[row].sum(1)
        room = torch.minimum(left, own[:, None])
        return self.orders[1:, None] <= room[:, None]

    def add(self, row: Tensor) -> None:
        """Take note of the bonds ``(B, m)`` of one more atom."""
        orders = self.orders[row]
        self.taken = torch.cat([self.taken + orders, orders.sum(1, keepdim=True)], dim=1)
