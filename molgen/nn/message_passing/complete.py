"""Complete graphs of molecules of different sizes, as one graph of PyG."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import torch
from torch import Tensor

from molgen.nn.message_passing.triangle_update import triangles


@dataclass(frozen=True)
class CompleteGraphs:
    """All ordered pairs of atoms of each molecule, an atom with itself included, sorted by source, then by target.

    Atoms are numbered through all molecules, as in a `torch_geometric.data.Batch`.

    Attributes:
        sizes: ``(B,)`` atoms of each molecule.

    Example:
        >>> import torch
        >>> CompleteGraphs(torch.tensor([2, 1])).edge_index.tolist()
        [[0, 0, 1, 1, 2], [0, 1, 0, 1, 2]]
    """

    sizes: Tensor

    @cached_property
    def batch(self) -> Tensor:
        """Molecule of each atom ``(N,)``."""
        return torch.repeat_interleave(self.sizes)

    @cached_property
    def start(self) -> Tensor:
        """First atom of each molecule ``(B,)``."""
        return self.sizes.cumsum(0) - self.sizes

    @cached_property
    def position(self) -> Tensor:
        """Number of each atom in its molecule ``(N,)``."""
        return torch.arange(len(self.batch), device=self.sizes.device) - self.start[self.batch]

    @cached_property
    def edge_index(self) -> Tensor:
        """Source and target of each edge ``(2, E)``, E being the sum of the squares of the sizes."""
        source = torch.repeat_interleave(self.sizes[self.batch])
        place = torch.arange(len(source), device=source.device) - self._first_edge[source]
        return torch.stack([source, self.start[self.batch[source]] + place])

    @cached_property
    def edge_batch(self) -> Tensor:
        """Molecule of each edge ``(E,)``."""
        return self.batch[self.edge_index[0]]

    @cached_property
    def pairs(self) -> Tensor:
        """Positions of the edges i < j, row by row, molecule after molecule."""
        source, target = self.edge_index
        return (source < target).nonzero().squeeze(1)

    @cached_property
    def sides(self) -> Tensor:
        """`triangles` of the graph ``(3, T)``."""
        return triangles(self.edge_index, len(self.batch))

    def edges(self, source: Tensor, target: Tensor) -> Tensor:
        """Positions of the edges between atoms of the same molecule ``(...)``."""
        return self._first_edge[source] + self.position[target]

    @cached_property
    def _first_edge(self) -> Tensor:
        """Position of the first edge that leaves each atom ``(N,)``."""
        degree = self.sizes[self.batch]
        return degree.cumsum(0) - degree
