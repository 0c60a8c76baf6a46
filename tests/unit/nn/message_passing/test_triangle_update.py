"""Triangles: both forms agree, and with enumeration."""

from __future__ import annotations

from itertools import product

import torch

from molgen.nn.message_passing import TriangleUpdate, triangles
from tests.unit.nn.message_passing.graphs import assert_forms_agree, awake


def test_forms_agree() -> None:
    module = awake(TriangleUpdate(3, 5))
    assert isinstance(module, TriangleUpdate)
    assert_forms_agree(
        module,
        lambda x, graphs, e: module(e, graphs.sides),
        lambda x, pairs, index: module.dense(pairs, index),
        width=2,
        pair_width=3,
        of_pairs=True,
    )


def test_triangles_are_those_of_enumeration() -> None:
    torch.manual_seed(0)
    edges = (torch.rand(7, 7) < 0.5).nonzero()
    edges = edges[torch.randperm(len(edges))]
    found = {tuple(triple) for triple in triangles(edges.t(), 7).t().tolist()}
    listed = edges.tolist()
    expected = {
        (first, second, listed.index([i, j]))
        for (first, (i, k)), (second, (k2, j)) in product(enumerate(listed), repeat=2)
        if k == k2 and [i, j] in listed
    }
    assert found == expected and len(expected) > 20
    assert triangles(torch.zeros(2, 0, dtype=torch.int64), 3).shape == (3, 0)
