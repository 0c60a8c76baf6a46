"""Features of the noisy molecular graph as further inputs of the network."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from molgen.chem.bonds import ORDERS
from molgen.graph.config import FeatureName
from molgen.nn.graph_features import cycle_counts, random_walks

_VALENCES = 32
"""Largest value of twice the valence used that has an input of its own."""
_COUNTS = 3 + 4
_STEPS = 10


class GraphFeatures(nn.Module):
    """Embeds what can be computed from the bonds of the noisy graph.

    - ``valence``: the orders of an atom's bonds added up, 1.5 for aromatic ones.
    - ``rings``: rings of 3, 4 and 5 atoms through an atom and of 3 to 6 in the molecule, as log(1 + count).
    - ``walks``: probabilities of random walks of 1 to 10 steps between two atoms.

    Args:
        names: which.
        width: channels of atoms.
        pair_width: channels of pairs.
        bond_states: bond categories, the mask included where there is one; a mask counts as no bond.

    Shapes:
        - **bonds:** ``(B, n, n)`` int64 categories, 0 on the diagonal
        - **output:** ``(B, n, width)`` or None, and ``(B, n, n, pair_width)`` or None
    """

    orders: Tensor

    def __init__(self, names: Sequence[FeatureName], width: int, pair_width: int, bond_states: int) -> None:
        super().__init__()
        orders = torch.zeros(bond_states)
        orders[: len(ORDERS)] = torch.tensor(ORDERS)
        self.register_buffer("orders", orders, persistent=False)
        self.valence = nn.Embedding(_VALENCES, width) if "valence" in names else None
        self.rings = nn.Linear(_COUNTS, width, bias=False) if "rings" in names else None
        self.walks = nn.Linear(_STEPS, pair_width, bias=False) if "walks" in names else None

    def forward(self, bonds: Tensor) -> tuple[Tensor | None, Tensor | None]:
        orders = self.orders[bonds]
        adjacency = (orders > 0).to(orders.dtype)
        with torch.autocast(bonds.device.type, enabled=False):  # counts of walks exceed what bfloat16 tells apart
            counts = None if self.rings is None else _ring_counts(adjacency)
            walks = None if self.walks is None else random_walks(adjacency, _STEPS)
        atoms = []
        if self.valence is not None:
            atoms.append(self.valence((2 * orders.sum(-1)).long().clamp(max=_VALENCES - 1)))
        if self.rings is not None:
            atoms.append(self.rings(counts))
        return sum(atoms) if atoms else None, None if self.walks is None else self.walks(walks)


def _ring_counts(adjacency: Tensor) -> Tensor:
    """``(B, n, 7)``."""
    through, whole = cycle_counts(adjacency)
    return torch.cat([through, whole[:, None].expand(-1, through.shape[1], -1)], dim=-1).clamp(min=0).log1p()
