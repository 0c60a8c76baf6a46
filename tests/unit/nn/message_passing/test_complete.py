"""Complete graphs of mixed sizes."""

from __future__ import annotations

import torch

from molgen.nn.message_passing import CompleteGraphs


def test_edges_are_all_pairs_of_each_molecule_in_order() -> None:
    graphs = CompleteGraphs(torch.tensor([3, 1, 2]))
    expected = [(o + i, o + j) for o, n in ((0, 3), (3, 1), (4, 2)) for i in range(n) for j in range(n)]
    assert [tuple(edge) for edge in graphs.edge_index.t().tolist()] == expected
    assert graphs.batch.tolist() == [0, 0, 0, 1, 2, 2] and graphs.position.tolist() == [0, 1, 2, 0, 0, 1]
    assert [expected[pair] for pair in graphs.pairs] == [(0, 1), (0, 2), (1, 2), (4, 5)]
    assert torch.equal(graphs.edges(*graphs.edge_index), torch.arange(len(expected)))
    assert graphs.sides.shape == (3, 27 + 1 + 8)
