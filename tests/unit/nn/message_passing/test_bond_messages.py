"""Summed messages: both forms agree, and with a loop over edges."""

from __future__ import annotations

import torch

from molgen.nn.message_passing import BondMessages
from tests.unit.nn.message_passing.graphs import assert_forms_agree, awake


def test_forms_agree() -> None:
    module = awake(BondMessages(8, 3))
    assert isinstance(module, BondMessages)
    assert_forms_agree(
        module,
        lambda x, graphs, e: module(x, graphs.edge_index, e),
        module.dense,
        width=8,
        pair_width=3,
        of_pairs=False,
    )


def test_messages_run_from_source_to_target() -> None:
    module = awake(BondMessages(4, 2))
    x, edges, e = torch.randn(3, 4).double(), torch.tensor([[0, 1, 2], [2, 2, 0]]), torch.randn(3, 2).double()
    message = torch.zeros(3, 2).double()
    for edge, (source, target) in enumerate(edges.t().tolist()):
        message[target] += module.pair(e[edge]) * module.atom(x[source])
    torch.testing.assert_close(module(x, edges, e), module.out(message))
