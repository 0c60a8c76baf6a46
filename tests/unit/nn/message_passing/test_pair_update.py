"""Updates of pairs: both forms agree with and without triangles, and pairs stay symmetric."""

from __future__ import annotations

import pytest
import torch

from molgen.nn.message_passing import CompleteGraphs, PairUpdate
from tests.unit.nn.message_passing.graphs import SIZES, assert_forms_agree, awake, squares, states


@pytest.mark.parametrize("triangle", [0, 4])
def test_forms_agree(triangle: int) -> None:
    module = awake(PairUpdate(8, 3, 6, triangle))
    assert isinstance(module, PairUpdate)
    assert_forms_agree(
        module,
        lambda x, graphs, e: module(x, graphs.edge_index, e),
        module.dense,
        width=8,
        pair_width=3,
        of_pairs=True,
    )


def test_both_directions_stay_equal() -> None:
    module, graphs = awake(PairUpdate(8, 3, 6, 4)), CompleteGraphs(torch.tensor(SIZES))
    atoms, pairs = states(8, 3)
    out = module(torch.cat(atoms), graphs.edge_index, squares(pairs), graphs.sides)
    source, target = graphs.edge_index
    torch.testing.assert_close(out, out[graphs.edges(target, source)])
