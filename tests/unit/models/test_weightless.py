"""Networks without content: nothing is drawn for their weights, and PyTorch's compiler stays out of it."""

from __future__ import annotations

import subprocess
import sys

import pytest
import torch
from torch import nn

from molgen.models.weightless import weightless

LOADING = "import sys, molgen; molgen.load('qm9-ar').generate(1, seed=0); print('torch._dynamo' in sys.modules)"


@pytest.mark.slow
def test_a_model_is_loaded_without_the_compiler() -> None:
    run = subprocess.run([sys.executable, "-c", LOADING], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "False"


@pytest.mark.parametrize("fill", [nn.init.normal_, nn.init.uniform_, nn.init.xavier_uniform_, nn.init.kaiming_normal_])
def test_nothing_is_drawn_for_weights_without_content(fill: object) -> None:
    with weightless():
        weight = torch.empty(3, 4)
        assert fill(weight) is weight and weight.is_meta  # type: ignore[operator]


@pytest.mark.parametrize("fill", [nn.init.normal_, nn.init.uniform_, torch.Tensor.normal_, torch.Tensor.uniform_])
def test_what_has_content_is_drawn_as_ever(fill: object) -> None:
    found = []
    for inside in (True, False):
        torch.manual_seed(0)
        buffer = torch.zeros(4)
        if inside:
            with weightless():
                fill(buffer)  # type: ignore[operator]
        else:
            fill(buffer)  # type: ignore[operator]
        found.append(buffer)
    assert found[0].equal(found[1]) and found[0].unique().numel() == 4
