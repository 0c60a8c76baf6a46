"""Random symmetric states of all pairs of molecules of mixed sizes, in both forms; and comparing both."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import torch
from torch import Tensor, nn

from molgen.nn.message_passing import CompleteGraphs
from molgen.nn.pairs import PairIndex, pair_index, to_square

SIZES = [4, 1, 6, 3, 6]
Dense = Callable[[Tensor, Tensor, PairIndex], Tensor]
"""(atoms ``(1, n, width)``, pairs ``(1, P, pair_width)``, index) -> atoms or pairs."""


def awake(module: nn.Module) -> nn.Module:
    """All parameters random: parts that are added to a residual stream start at zero."""
    torch.manual_seed(2)
    for parameter in module.parameters():
        nn.init.normal_(parameter, std=0.3)
    return module.double()


def states(width: int, pair_width: int, sizes: Sequence[int] = SIZES) -> tuple[list[Tensor], list[Tensor]]:
    """Of each molecule, atoms ``(n, width)`` and the list of its pairs ``(n (n + 1) / 2, pair_width)``."""
    torch.manual_seed(1)
    atoms = [torch.randn(n, width, dtype=torch.float64, requires_grad=True) for n in sizes]
    pairs = [torch.randn(n * (n + 1) // 2, pair_width, dtype=torch.float64, requires_grad=True) for n in sizes]
    return atoms, pairs


def squares(pairs: Sequence[Tensor], sizes: Sequence[int] = SIZES) -> Tensor:
    """Lists of pairs as the states of the edges of `CompleteGraphs`."""
    return torch.cat([to_square(p[None], index(n))[0] for p, n in zip(pairs, sizes, strict=True)])


def index(n: int) -> PairIndex:
    return pair_index(n, torch.device("cpu"))


def assert_forms_agree(
    module: nn.Module,
    sparse: Callable[[Tensor, CompleteGraphs, Tensor], Tensor],
    dense: Dense,
    *,
    width: int,
    pair_width: int,
    of_pairs: bool,
) -> None:
    """Values and gradients, of inputs and of parameters, of both forms are equal."""
    results = []
    for form in ("sparse", "dense"):
        atoms, pairs = states(width, pair_width)
        module.zero_grad()
        if form == "sparse":
            out = sparse(torch.cat(atoms), CompleteGraphs(torch.tensor(SIZES)), squares(pairs))
        else:
            parts = [dense(x[None], p[None], index(n)) for x, p, n in zip(atoms, pairs, SIZES, strict=True)]
            out = squares([part[0] for part in parts]) if of_pairs else torch.cat([part[0] for part in parts])
        (out * torch.linspace(-1, 1, out.shape[-1])).square().sum().backward()
        grads = [x.grad for x in (*atoms, *pairs)] + [p.grad for p in module.parameters()]
        results.append((out, [torch.zeros(()) if grad is None else grad for grad in grads]))
    (value, grads), (expected, expected_grads) = results
    torch.testing.assert_close(value, expected)
    assert any(grad.abs().sum() > 0 for grad in grads)
    for grad, other in zip(grads, expected_grads, strict=True):
        torch.testing.assert_close(grad, other)
