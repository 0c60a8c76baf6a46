"""What the optimiser asks of generators: copies, sizes of attempts, costs in random generation orders."""

from __future__ import annotations

import pytest
import torch

from molgen.diffusion.random_keys import RandomKeys
from molgen.errors import MoleculeError
from molgen.models.generator import Generator
from tests.unit.optimisation.tiny import tiny

MOLECULES = ["CC(N)CO", "NCC(O)O"]


@pytest.mark.parametrize("name", ("qm9-ar", "qm9-text", "qm9-graph"))
def test_a_copy_samples_the_same_and_has_weights_of_its_own(name: str) -> None:
    model = Generator.from_pretrained(name)
    copied = model.copied()
    settings = {"steps": 3} if "steps" in model.settings else {}
    assert list(copied.attempts(2, progress=False, **settings)) == list(model.attempts(2, progress=False, **settings))
    assert (copied.name, copied.sampling, copied.ring_systems) == (model.name, model.sampling, model.ring_systems)
    with torch.no_grad():
        next(copied.parameters()).add_(1.0)
    assert not torch.equal(next(copied.parameters()), next(model.parameters()))


def test_attempts_of_a_size_become_molecules_of_that_size() -> None:
    assert tiny().attempt_size("CC(N)CO") == 5
    assert Generator.from_pretrained("qm9-text").attempt_size("CC(N)CO") == 7
    sequential = Generator.from_pretrained("qm9-ar")
    assert sequential.attempt_size("CC(N)CO") == 0, "it generates the end itself"
    with pytest.raises(MoleculeError):
        sequential.attempt_size("C[Si]C")


def test_costs_in_random_orders_differ_from_draw_to_draw_and_have_gradients() -> None:
    model = tiny()
    kinds = [torch.stack(parts) for parts in zip(*[_variables(model, text) for text in MOLECULES], strict=True)]
    batch = model.batch(kinds, torch.arange(2))
    keys = [RandomKeys.from_seed(seed, batch.examples) for seed in range(20)]
    found = torch.stack([model.training_costs([batch], [key])[0] for key in keys])
    assert len({round(value, 3) for value in found[:, 0].detach().tolist()}) > 5
    with torch.no_grad():
        whole = model.bound(batch, RandomKeys.from_seed(0, batch.examples))
    assert found.detach().min() < whole.min(), "what is given by an order costs nothing"
    found.sum().backward()  # type: ignore[no-untyped-call]
    assert all(part.grad is None or part.grad.isfinite().all() for part in model.parameters())
    assert any(part.grad is not None and part.grad.abs().sum() > 0 for part in model.parameters())


@pytest.mark.parametrize("orders", ["canonical", "random"])
def test_costs_of_molecules_of_several_sizes_are_those_of_each_size(orders: str) -> None:
    """In one padded batch, gradients too."""
    model = tiny()
    groups = [["CCO"], MOLECULES, ["CC", "CO", "C#N"], ["CC(C)(C)OC(=O)C"]]
    batches, keys = [], []
    for number, group in enumerate(groups):
        kinds = [torch.stack(parts) for parts in zip(*[_variables(model, text) for text in group], strict=True)]
        batches.append(model.batch(kinds, torch.arange(len(group)) + 10 * number))
        keys.append(RandomKeys.from_seed(3, batches[-1].examples))
    costs = model.bounds_by_size if orders == "canonical" else model.training_costs
    found = costs(batches, keys)
    torch.cat(found).sum().backward()  # type: ignore[no-untyped-call]
    gradients = {name: part.grad.clone() for name, part in model.named_parameters() if part.grad is not None}
    model.zero_grad()
    for batch, key, together in zip(batches, keys, found, strict=True):
        one = costs([batch], [key])[0]
        assert torch.allclose(one, together, atol=1e-4)
        one.sum().backward()  # type: ignore[no-untyped-call]
    for name, part in model.named_parameters():
        assert (part.grad is None) == (name not in gradients)
        assert part.grad is None or torch.allclose(part.grad, gradients[name], atol=1e-3), name


def test_the_cost_of_a_model_with_one_order_is_its_bound() -> None:
    model = Generator.from_pretrained("qm9-ar")
    batch = model.batch([torch.from_numpy(model.encode("CCO")[0].astype("int64"))[None]], torch.arange(1))
    rng = RandomKeys.from_seed(0, batch.examples)
    assert torch.equal(model.training_costs([batch], [rng])[0], model.bound(batch, rng))


def _variables(model: Generator, smiles: str) -> list[torch.Tensor]:
    return [torch.from_numpy(values.astype("int64")) for values in model.encode(smiles)]
