"""The network: symmetric, equivariant where it should be, the same in both forms, independent of the batch."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import numpy as np
import pytest
import torch
from pydantic import ValidationError
from torch_geometric.data import Batch
from torch_geometric.loader import DataLoader
from torch_geometric.nn import MessagePassing

from molgen.chem.codec import MoleculeGraph
from molgen.chem.convert import graph_to_data
from molgen.graph.config import DenoiserConfig
from molgen.graph.denoiser import GraphDenoiser
from molgen.graph.model import GraphDiffusion
from molgen.nn.pairs import list_to_square, pair_index, square_to_list, to_square


def network(order: str = "canonical", **settings: Any) -> GraphDenoiser:
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


@pytest.mark.parametrize("triangle", [0, 4])
@pytest.mark.parametrize("n", [1, 2, 7])
def test_random_order_outputs_permute_with_the_input(n: int, triangle: int) -> None:
    net, x, t = network("random", triangle=triangle), state(3, n), torch.tensor([0.1, 0.5, 0.9])
    order = torch.randperm(n, generator=torch.Generator().manual_seed(3))
    i, j = torch.triu_indices(n, n, 1)
    permuted = {"atoms": x["atoms"][:, order], "bonds": list_to_square(x["bonds"])[:, order][:, :, order][:, i, j]}
    with torch.no_grad():
        plain, moved = net(x, t), net(permuted, t)
    torch.testing.assert_close(moved["atoms"], plain["atoms"][:, order], atol=1e-4, rtol=1e-4)
    classes = plain["bonds"].shape[-1]
    squares = list_to_square(plain["bonds"].transpose(1, 2).flatten(0, 1)).view(3, classes, n, n)
    expected = squares[:, :, order][..., order][..., i, j].transpose(1, 2)
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


@pytest.mark.parametrize(
    "wrong",
    [
        {"width": 30, "heads": 4},
        {"layers": 0},
        {"order": "sorted"},
        {"local": "os.system"},
        {"features": ["x"]},
        {"depth": 3},
    ],
)
def test_wrong_shapes_are_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        DenoiserConfig.model_validate(wrong)


OPTIONS: list[dict[str, Any]] = [
    {},
    {"order": "random"},
    {"triangle": 0},
    {"features": ("valence",)},
    {"features": ("rings",)},
    {"features": ("walks",)},
    {"features": ("valence", "rings", "walks"), "order": "random", "local": "GENConv"},
    *({"local": name} for name in ("GINEConv", "GATv2Conv", "TransformerConv", "ResGatedGraphConv", "CGConv")),
]


def molecules(sizes: list[int]) -> tuple[list[dict[str, torch.Tensor]], Batch]:
    """Random graphs as states of one molecule each, and as a batch of PyG."""
    states = [state(1, n) for n in sizes]
    graphs = [MoleculeGraph(*(x[kind][0].numpy().astype(np.uint8) for kind in ("atoms", "bonds"))) for x in states]
    return states, next(iter(DataLoader([graph_to_data(graph) for graph in graphs], batch_size=len(sizes))))


@pytest.mark.parametrize("options", OPTIONS, ids=str)
def test_both_forms_agree_on_molecules_of_mixed_sizes(options: dict[str, Any]) -> None:
    net = network(**options)
    states, batch = molecules([5, 1, 7, 2, 7])
    t = torch.tensor([0.1, 0.3, 0.5, 0.7, 0.9])
    results = []
    for form in ("sparse", "dense"):
        net.zero_grad()
        if form == "sparse":
            out = net(batch, t)
        else:
            alone = [net(x, time[None]) for x, time in zip(states, t, strict=True)]
            out = {kind: torch.cat([logits[kind][0] for logits in alone]) for kind in ("atoms", "bonds")}
        (out["atoms"].sin().sum() + out["bonds"].cos().sum()).backward()
        results.append((out, {name: p.grad for name, p in net.named_parameters()}))
    (sparse, sparse_grads), (dense, dense_grads) = results
    for kind in ("atoms", "bonds"):
        torch.testing.assert_close(sparse[kind], dense[kind], atol=1e-4, rtol=1e-4)
    for name, grad in dense_grads.items():
        if grad is None:
            grad = torch.zeros_like(net.get_parameter(name))
        other = sparse_grads[name] if sparse_grads[name] is not None else torch.zeros_like(grad)
        scale = float(grad.abs().max())
        torch.testing.assert_close(other, grad, atol=1e-4 * max(1.0, scale), rtol=1e-3, msg=name)


@pytest.mark.parametrize("options", [{}, {"features": ("walks",), "local": "GINEConv"}], ids=str)
def test_a_pyg_batch_of_one_size_takes_the_dense_form(options: dict[str, Any]) -> None:
    net = network(**options)
    states, batch = molecules([6, 6, 6])
    together = {kind: torch.cat([x[kind] for x in states]) for kind in ("atoms", "bonds")}
    with torch.no_grad():
        plain, flat = net(together, torch.tensor([0.4])), net(batch, torch.tensor([0.4]))
        sparse = net.sparse(batch, torch.tensor([0.4]))
    for kind in ("atoms", "bonds"):
        assert torch.equal(flat[kind], plain[kind].flatten(0, 1))
        torch.testing.assert_close(sparse[kind], flat[kind], atol=1e-4, rtol=1e-4)


def test_one_time_for_all_is_the_same_as_equal_times() -> None:
    net, x = network(), state(4, 6)
    with torch.no_grad():
        one, each = net(x, torch.tensor([0.3])), net(x, torch.full((4,), 0.3))
    torch.testing.assert_close(one["atoms"], each["atoms"], atol=1e-5, rtol=1e-5)


def test_molecules_too_large_are_refused() -> None:
    net = network()
    with pytest.raises(ValueError, match="8 atoms; the network takes at most 7"):
        net(state(2, 8), torch.tensor([0.5]))
    with pytest.raises(ValueError, match="8 atoms"):
        net(molecules([8, 3])[1], torch.tensor([0.5]))


def test_both_forms_run_in_bfloat16() -> None:
    net = network(features=("valence", "rings", "walks"), local="GINEConv")
    states, batch = molecules([5, 3])
    with torch.autocast("cpu", torch.bfloat16):
        sparse, dense = net(batch, torch.tensor([0.5])), net(states[0], torch.tensor([0.5]))
    torch.testing.assert_close(sparse["atoms"][:5], dense["atoms"][0], atol=0.3, rtol=0.1)


def test_masked_bonds_are_edges_and_no_bonds() -> None:
    torch.manual_seed(0)
    config = DenoiserConfig(width=16, pair_width=8, layers=1, heads=2, features=("valence", "rings"), local="GINEConv")
    net = GraphDenoiser(config, atom_states=3, bond_states=6).eval()
    masked, none = torch.full((1, 3), 5), torch.zeros(1, 3, dtype=torch.int64)
    assert net.features is not None
    squares = list_to_square(torch.cat([masked, none]))
    of_masked, of_none = net.features(squares)[0]
    assert torch.equal(of_masked, of_none)
    with torch.no_grad():
        logits = [net({"atoms": none, "bonds": bonds}, torch.tensor([0.5]))["bonds"] for bonds in (masked, none)]
    assert not torch.allclose(*logits)


def test_lists_of_pairs_and_squares() -> None:
    pairs = torch.tensor([[1, 2, 3, 4, 5, 6], [0, 1, 0, 0, 2, 0]])
    square = list_to_square(pairs)
    assert square[0].tolist() == [[0, 1, 2, 3], [1, 0, 4, 5], [2, 4, 0, 6], [3, 5, 6, 0]]
    assert torch.equal(square_to_list(square), pairs)
    assert list_to_square(torch.zeros(2, 0)).shape == (2, 1, 1)


def test_layers_of_the_shipped_model_are_message_passing() -> None:
    model = GraphDiffusion.from_pretrained("qm9-graph")
    assert model.attempts(2, steps=2).attempted == 2
    for layer in model.denoiser.layers:
        assert any(isinstance(part, MessagePassing) for part in layer.modules())


@pytest.mark.slow
def test_importing_molgen_needs_no_pyg() -> None:
    code = "import sys, molgen, molgen.training.config; print('torch_geometric' in sys.modules)"
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert out.stdout == "False\n"
