"""The network: symmetric, equivariant where it should be, indifferent to the batch."""

from __future__ import annotations

import pytest
import torch
from pydantic import ValidationError

from molgen.graph.denoiser import DenoiserConfig, GraphDenoiser
from molgen.nn.pairs import pair_index, to_square


def network(order: str = "canonical", **settings: int) -> GraphDenoiser:
    torch.manual_seed(0)
    shape = {"width": 32, "pair_width": 8, "layers": 2, "heads": 4, "triangle": 4, "max_atoms": 7} | settings
    net = GraphDenoiser(DenoiserConfig(order=order, **shape), atom_states=6, bond_states=5)
    for parameter in net.parameters():  # residual branches start at zero: wake them up
        torch.nn.init.normal_(parameter, std=0.15)
    return net.eval()


def state(batch: int, n: int) -> dict[str, torch.Tensor]:
    generator = torch.Generator().manual_seed(1)
    return {
        "atoms": torch.randint(0, 6, (batch, n), generator=generator),
        "bonds": torch.randint(0, 5, (batch, n * (n - 1) // 2), generator=generator),
    }


def square(bonds: torch.Tensor, n: int) -> torch.Tensor:
    """``(B, P, ...)`` -> ``(B, n, n, ...)``, zero on the diagonal."""
    result = bonds.new_zeros((len(bonds), n, n, *bonds.shape[2:]))
    i, j = torch.triu_indices(n, n, 1)
    result[:, i, j] = bonds
    result[:, j, i] = bonds
    return result


@pytest.mark.parametrize("triangle", [0, 4])
@pytest.mark.parametrize("n", [1, 2, 7])
def test_random_order_outputs_permute_with_the_input(n: int, triangle: int) -> None:
    net, x, t = network("random", triangle=triangle), state(3, n), torch.tensor([0.1, 0.5, 0.9])
    order = torch.randperm(n, generator=torch.Generator().manual_seed(3))
    i, j = torch.triu_indices(n, n, 1)
    permuted = {"atoms": x["atoms"][:, order], "bonds": square(x["bonds"], n)[:, order][:, :, order][:, i, j]}
    with torch.no_grad():
        plain, moved = net(x, t), net(permuted, t)
    torch.testing.assert_close(moved["atoms"], plain["atoms"][:, order], atol=1e-4, rtol=1e-4)
    expected = square(plain["bonds"], n)[:, order][:, :, order][:, i, j]
    torch.testing.assert_close(moved["bonds"], expected, atol=1e-4, rtol=1e-4)


def test_canonical_order_sees_positions() -> None:
    net, t = network("canonical"), torch.tensor([0.5])
    x = {"atoms": torch.zeros(1, 5, dtype=torch.int64), "bonds": torch.zeros(1, 10, dtype=torch.int64)}
    logits = net(x, t)["atoms"][0]
    assert not torch.allclose(logits[0], logits[1], atol=1e-3)


def test_molecules_of_a_batch_do_not_see_each_other() -> None:
    net, x, t = network(), state(4, 6), torch.rand(4)
    with torch.no_grad():
        together = net(x, t)
        alone = [net({kind: value[b : b + 1] for kind, value in x.items()}, t[b : b + 1]) for b in range(4)]
    for kind in ("atoms", "bonds"):
        torch.testing.assert_close(together[kind], torch.cat([a[kind] for a in alone]), atol=1e-5, rtol=1e-5)


def test_every_parameter_gets_a_gradient() -> None:
    net = network()
    out = net(state(3, 6), torch.rand(3))
    (out["atoms"].square().sum() + out["bonds"].square().sum()).backward()
    unused = [name for name, p in net.named_parameters() if p.grad is None or not p.grad.abs().sum()]
    assert unused == []


def test_atoms_and_bonds_see_each_other_and_time() -> None:
    net, x, t = network(), state(1, 6), torch.tensor([0.5])
    other_bond = {"atoms": x["atoms"], "bonds": (x["bonds"] + torch.eye(15, dtype=torch.int64)[0]) % 5}
    with torch.no_grad():
        base = net(x, t)["atoms"]
        assert not torch.allclose(base, net(other_bond, t)["atoms"], atol=1e-4)
        assert not torch.allclose(base, net(x, torch.tensor([0.6]))["atoms"], atol=1e-4)


def test_square_of_pairs_and_its_gradient() -> None:
    n = 5
    index = pair_index(n, torch.device("cpu"))
    pairs = torch.randn(2, 15, 3, dtype=torch.float64, requires_grad=True)
    full = to_square(pairs, index).view(2, n, n, 3)
    assert torch.equal(full, full.transpose(1, 2))
    assert torch.equal(full[:, 1, 3], pairs[:, index.square.view(n, n)[1, 3]])
    assert torch.autograd.gradcheck(lambda p: to_square(p, index), (pairs,))


@pytest.mark.parametrize("wrong", [{"width": 30, "heads": 4}, {"layers": 0}, {"order": "sorted"}, {"depth": 3}])
def test_wrong_shapes_are_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        DenoiserConfig.model_validate(wrong)
