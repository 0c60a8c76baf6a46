"""Features of a graph that message passing cannot count, or counts only after many layers.

All functions take adjacency matrices ``(B, n, n)``: float, symmetric, 0 or 1, with an empty diagonal. Nodes without
edges change nothing, so graphs of different sizes may be padded with them.
"""

from __future__ import annotations

import torch
from torch import Tensor


def cycle_counts(adjacency: Tensor) -> tuple[Tensor, Tensor]:
    """Cycles of 3, 4 and 5 edges through each node, and of 3 to 6 edges in each graph.

    Closed walks, less those that run through an edge or a node twice (Alon, Yuster and Zwick, 1997; as used in DiGress,
    Vignac et al., 2023, appendix B).

    Shapes:
        - **adjacency:** ``(B, n, n)``
        - **output:** ``(B, n, 3)`` and ``(B, 4)``

    Example:
        >>> import torch
        >>> triangle = (1 - torch.eye(3))[None]
        >>> cycle_counts(triangle)[0].tolist()
        [[[1.0, 0.0, 0.0], [1.0, 0.0, 0.0], [1.0, 0.0, 0.0]]]
    """
    a = adjacency
    a2 = a @ a
    a3 = a2 @ a
    a4 = a2 @ a2
    degree = a.sum(-1)
    d3, d4, d5 = _diagonal(a3), _diagonal(a4), (a2 * a3).sum(-1)
    three = d3
    four = d4 - degree * (degree - 1) - _times(a, degree)
    five = d5 - 2 * _times(a2 * a, degree) - 2 * degree * d3 - _times(a, d3) + 5 * d3
    six = (
        (a3 * a3).sum((1, 2))
        - 3 * d3.square().sum(-1)
        + 9 * (a * a2.square()).sum((1, 2))
        - 6 * (degree * d4).sum(-1)
        + 6 * d4.sum(-1)
        - 4 * d3.sum(-1)
        + 4 * degree.pow(3).sum(-1)
        + 3 * a3.sum((1, 2))
        - 12 * degree.square().sum(-1)
        + 4 * degree.sum(-1)
    )
    through = torch.stack([three, four, five], dim=-1) / 2
    whole = torch.stack([three.sum(-1) / 6, four.sum(-1) / 8, five.sum(-1) / 10, six / 12], dim=-1)
    return through, whole


def random_walks(adjacency: Tensor, steps: int) -> Tensor:
    """How likely walks of 1 to `steps` steps lead from one node to another (relative random walk probabilities, RRWP:
    Ma et al., GRIT, 2023; as used in DeFoG, Qin et al., 2025).

    The geometric mean of the probabilities of both directions, (D^-1/2 A D^-1/2)^k, because pair states are symmetric;
    on the diagonal it is the probability of being back.

    Shapes:
        - **adjacency:** ``(B, n, n)``
        - **output:** ``(B, n, n, steps)``
    """
    scale = adjacency.sum(-1).clamp(min=1).rsqrt()
    step = scale[:, :, None] * adjacency * scale[:, None, :]
    powers = [step]
    for _ in range(steps - 1):
        powers.append(powers[-1] @ step)
    return torch.stack(powers, dim=-1)


def _diagonal(matrix: Tensor) -> Tensor:
    return matrix.diagonal(dim1=-2, dim2=-1)


def _times(matrix: Tensor, vector: Tensor) -> Tensor:
    return (matrix @ vector.unsqueeze(-1)).squeeze(-1)
