"""Features of graphs against counting by hand."""

from __future__ import annotations

import networkx
import torch

from molgen.nn.graph_features import cycle_counts, random_walks


def graphs() -> list[networkx.Graph]:
    sizes = [(8, 0.5), (9, 0.3), (6, 1.0), (1, 0.0)]
    return [networkx.gnp_random_graph(n, p, seed=seed) for seed, (n, p) in enumerate(sizes)]


def padded(items: list[networkx.Graph], n: int = 10) -> torch.Tensor:
    square = torch.zeros(len(items), n, n)
    for row, graph in zip(square, items, strict=True):
        for i, j in graph.edges:
            row[i, j] = row[j, i] = 1
    return square


def test_cycles_are_those_that_enumeration_finds() -> None:
    through, whole = cycle_counts(padded(graphs()))
    for b, graph in enumerate(graphs()):
        cycles = list(networkx.simple_cycles(graph, length_bound=6))
        expected = [sum(len(c) == k for c in cycles) for k in (3, 4, 5, 6)]
        torch.testing.assert_close(whole[b], torch.tensor(expected).float())
        for i in range(10):
            assert through[b, i].tolist() == [sum(len(c) == k and i in c for c in cycles) for k in (3, 4, 5)]


def test_walks_are_geometric_means_of_both_directions() -> None:
    adjacency = padded(graphs())
    walks = random_walks(adjacency, 4)
    step = adjacency / adjacency.sum(-1, keepdim=True).clamp(min=1)
    for k in range(4):
        forth = torch.linalg.matrix_power(step, k + 1)
        torch.testing.assert_close(walks[..., k], (forth * forth.transpose(1, 2)).sqrt())
