"""Operators of PyG along bonds: all that a configuration may name can be made, learn, and are registered."""

from __future__ import annotations

from typing import get_args

import pytest
import torch
import torch_geometric.nn

from molgen.graph.config import LocalName
from molgen.nn.message_passing import LOCAL_OPERATORS, LocalMessages


@pytest.mark.parametrize("name", LOCAL_OPERATORS)
def test_bonds_carry_messages_and_their_types_count(name: str) -> None:
    torch.manual_seed(0)
    module = LocalMessages(name, 8, 3)
    assert type(module.operator) is getattr(torch_geometric.nn, name)
    assert torch.equal(module(torch.randn(2, 8), torch.tensor([[0], [1]]), torch.randn(1, 3)), torch.zeros(2, 8))
    torch.nn.init.normal_(module.out.weight)
    x, edges, e = torch.randn(4, 8), torch.tensor([[0, 1], [1, 0]]), torch.randn(2, 3, requires_grad=True)
    out = module(x, edges, e)
    (grad,) = torch.autograd.grad(out[1].square().sum(), e)
    assert grad[0].abs().sum() > 0 and grad[1].abs().sum() == 0
    moved = module(x + torch.tensor([1.0, 0, 0, 0])[:, None], edges, e)
    assert not torch.allclose(out[1], moved[1]) and torch.equal(out[2:], moved[2:])


def test_the_names_of_a_configuration_are_those_registered() -> None:
    assert set(get_args(LocalName)) == set(LOCAL_OPERATORS)
