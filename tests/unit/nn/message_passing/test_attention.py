"""Attention: both forms agree, and with a loop over atoms."""

from __future__ import annotations

import pytest
import torch

from molgen.nn.message_passing import PairBiasedAttention
from tests.unit.nn.message_passing.graphs import assert_forms_agree, awake


@pytest.mark.parametrize("heads", [1, 4])
def test_forms_agree(heads: int) -> None:
    module = awake(PairBiasedAttention(8, 3, heads))
    assert isinstance(module, PairBiasedAttention)
    assert_forms_agree(
        module,
        lambda x, graphs, e: module(x, graphs.edge_index, e),
        module.dense,
        width=8,
        pair_width=3,
        of_pairs=False,
    )


def test_formula_on_a_directed_graph() -> None:
    module = awake(PairBiasedAttention(4, 2, 1))
    x, edges, e = torch.randn(3, 4).double(), torch.tensor([[0, 1, 2], [2, 2, 0]]), torch.randn(3, 2).double()
    q, k, v = module.qkv(x).chunk(3, dim=-1)
    scores = torch.stack([q[2] @ k[0] / 2 + module.bias(e[0])[0], q[2] @ k[1] / 2 + module.bias(e[1])[0]])
    first, second = scores.softmax(0)
    message = torch.stack([v[2], torch.zeros(4).double(), first * v[0] + second * v[1]])
    torch.testing.assert_close(module(x, edges, e), module.out(message))
