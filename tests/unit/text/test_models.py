"""Text generators: exact likelihoods, samples that follow them, the same file format and protocol as graphs."""

from __future__ import annotations

from collections import Counter
from itertools import permutations, product
from pathlib import Path

import pytest
import torch
from torch import Tensor

import molgen as package
from molgen.chem.strict import strict_from_smiles
from molgen.datasets import EncodedDataset
from molgen.diffusion.objectives import continuous_bound
from molgen.diffusion.process import Process, State
from molgen.diffusion.random_keys import RandomKeys
from molgen.diffusion.schedules import Cosine, Linear
from molgen.diffusion.transitions import Absorbing
from molgen.errors import MolgenError, UsageError
from molgen.models.sampling import SamplingConfig
from molgen.nn.transformer import Cache, Transformer, TransformerConfig, rotate
from molgen.text.any_order import AnyOrder, AnyOrderConfig
from molgen.text.autoregressive import Autoregressive
from molgen.text.build import new_text
from molgen.text.continuous import ContinuousConfig, ContinuousDiffusion, GaussianConfig
from molgen.text.corpus import TextBatch, by_length, rewritten, text_batches
from molgen.text.diffusion import TextDiffusion, TextNoiseConfig
from molgen.text.model import TextGenerator, TextModelConfig
from molgen.text.tokenizers import SmilesTokenizer, TokenizerConfig
from tests.conftest import Run

SHAPE = TransformerConfig(width=32, layers=2, heads=4, expansion=2)


@pytest.fixture(scope="module")
def tokenizer(smiles: list[str]) -> SmilesTokenizer:
    return SmilesTokenizer.learn(smiles)


def randomised(model: torch.nn.Module) -> None:
    """Weights far from zero, so that outputs depend on inputs."""
    torch.manual_seed(0)
    for parameter in model.parameters():
        torch.nn.init.normal_(parameter, std=0.3)


def test_reading_with_a_cache_is_reading_at_once() -> None:
    network = Transformer(SHAPE, causal=True)
    randomised(network)
    h = torch.randn(3, 7, 32)
    whole, cache = network(h), Cache(SHAPE.layers)
    parts = [network(h[:, :4], cache=cache), *(network(h[:, i : i + 1], cache=cache) for i in range(4, 7))]
    torch.testing.assert_close(torch.cat(parts, dim=1), whole, atol=1e-5, rtol=1e-5)
    changed = h.clone()
    changed[:, 4:] = 0
    torch.testing.assert_close(network(changed)[:, :4], whole[:, :4])  # nothing is known of what follows
    both_ways = Transformer(SHAPE)
    randomised(both_ways)
    assert not torch.allclose(both_ways(changed)[:, :4], both_ways(h)[:, :4])


def test_rotary_positions_know_distances_only() -> None:
    q, k = torch.randn(2, 1, 8)
    angle = torch.arange(10)[:, None] * torch.tensor([1.0, 0.3, 0.1, 0.01])
    turn = torch.stack([angle.cos(), angle.sin()])
    products = rotate(q.expand(10, -1), turn) @ rotate(k.expand(10, -1), turn).T
    torch.testing.assert_close(products[:-2, :-2], products[2:, 2:])
    assert not torch.allclose(products[0, 1], products[1, 0])


def toy_autoregressive() -> Autoregressive:
    config = TextModelConfig(
        tokenizer=TokenizerConfig(tokens=("C", "O")),
        lengths={1: 0.5, 2: 0.5},
        marginal=(0.5, 0.5),
        network=TransformerConfig(width=8, layers=1, heads=2),
    )
    model = Autoregressive(config)
    randomised(model)
    return model.eval()


def test_autoregressive_samples_follow_the_exact_likelihood() -> None:
    model = toy_autoregressive()
    cost = {}
    for length in range(1, 5):
        tokens = torch.tensor(list(product(range(2), repeat=length)))
        batch = TextBatch(tokens, torch.arange(len(tokens)), 0)
        costs = model.bound(batch, RandomKeys.from_seed(0, batch.examples))
        cost.update({tuple(t): float(c) for t, c in zip(tokens.tolist(), costs.tolist(), strict=True)})
    probability = {text: torch.tensor(-c).exp().item() for text, c in cost.items()}
    assert 0.5 < sum(probability.values()) < 1.0001
    n = 20_000
    sequences, calls = model.sample_tokens(0, RandomKeys.from_seed(0, torch.arange(n)), model.sampling)
    counts = Counter(map(tuple, sequences))
    distance = sum(abs(counts[text] / n - p) for text, p in probability.items()) / 2
    assert distance < 0.02
    assert all(min(len(s) + 1, model.longest + 1) == c for s, c in zip(sequences, calls, strict=True))


def toy_any_order() -> AnyOrder:
    config = AnyOrderConfig(
        tokenizer=TokenizerConfig(tokens=("C", "O")),
        lengths={3: 1.0},
        marginal=(0.5, 0.5),
        network=TransformerConfig(width=8, layers=1, heads=2),
    )
    model = AnyOrder(config)
    randomised(model)
    return model.eval()


@pytest.mark.parametrize(
    ("block", "orders"),
    [
        (0, list(permutations(range(3)))),
        (1, [(0, 1, 2)]),
        (2, [(0, 1, 2), (1, 0, 2)]),
        (5, list(permutations(range(3)))),
    ],
)
def test_any_order_samples_follow_the_exact_likelihood(block: int, orders: list[tuple[int, ...]]) -> None:
    model = toy_any_order()
    texts = torch.tensor(list(product(range(2), repeat=3)))
    costs = torch.stack([model.cost(texts, torch.tensor(o).expand(8, -1)) for o in orders])
    torch.testing.assert_close((-costs).exp().sum(1), torch.ones(len(orders)))  # a distribution for each order
    exact = (-costs).exp().mean(0)
    n = 20_000
    drawn, calls = model.sample_tokens(3, RandomKeys.from_seed(0, torch.arange(n)), SamplingConfig(block=block))
    counts = Counter(map(tuple, drawn))
    found = torch.tensor([counts[tuple(text)] / n for text in texts.tolist()])
    assert (found - exact).abs().sum() / 2 < 0.02
    assert set(calls) == {3}
    model.sampling = SamplingConfig(block=block)
    batch = TextBatch(texts.repeat(2000, 1), torch.arange(16_000), 0)
    bound = model.bound(batch, RandomKeys.from_seed(0, batch.examples)).view(2000, 8).mean(0)
    torch.testing.assert_close(bound, costs.mean(0), atol=0.05, rtol=0.02)
    assert (costs.mean(0) >= -exact.log() - 1e-5).all()
    torch.testing.assert_close(model.tightened(costs), -exact.log())  # all orders, equally often: exact
    few = model.bound(batch, RandomKeys.from_seed(1, batch.examples)).view(500, 4, 8)
    tightened = torch.stack([model.tightened(draws) for draws in few]).mean(0)
    assert (tightened <= bound + 0.05).all() and (tightened >= -exact.log() - 0.05).all()


@pytest.mark.slow
@torch.no_grad()
def test_any_order_is_absorbing_diffusion() -> None:
    """Its bound is that of the engine, whatever the schedule, when it reads what is uncovered in a random order."""
    model = toy_any_order()
    mask = 2

    def denoise(state: State, t: Tensor) -> State:
        rows = torch.zeros(*state["tokens"].shape, 3)
        for row, text in zip(rows, state["tokens"], strict=True):
            known = [place for place in torch.randperm(3).tolist() if text[place] != mask]
            for place in set(range(3)) - set(known):
                path = [*known, place, *(other for other in range(3) if other not in known and other != place)]
                row[place, :2] = model.logits(text[None].clamp(max=1), torch.tensor([path]))[0, len(known)]
        return {"tokens": rows}

    texts = torch.tensor(list(product(range(2), repeat=3)))
    costs = torch.stack([model.cost(texts, torch.tensor(o).expand(8, -1)) for o in permutations(range(3))]).mean(0)
    for schedule in (Linear(), Cosine()):
        process = Process({"tokens": Absorbing(2)}, schedule)
        rng = RandomKeys.from_seed(0, torch.arange(8))
        bound = continuous_bound(process, denoise, {"tokens": texts}, rng, draws=200)
        assert float(bound.mean()) == pytest.approx(float(costs.mean()), rel=0.1)


@pytest.mark.slow
@pytest.mark.parametrize("tokens", ["uniform", "absorbing", "marginal", "hamming"])
@pytest.mark.parametrize("objective", ["cross-entropy", "variational", "continuous"])
def test_every_noise_learns_and_samples(
    dataset: EncodedDataset, smiles: list[str], tokenizer: SmilesTokenizer, tokens: str, objective: str
) -> None:
    torch.manual_seed(0)
    groups = by_length(dataset.smiles("train"), tokenizer)
    noise = TextNoiseConfig(tokens=tokens, schedule="linear" if tokens == "absorbing" else "cosine", steps=20)  # type: ignore[arg-type]
    model = new_text(TextDiffusion, dataset, tokenizer, groups, process=noise, network=SHAPE)
    optimiser = torch.optim.Adam(model.parameters(), 3e-3)
    stream, bounds = iter(text_batches(groups, 64)), []
    for step in range(40):
        batch = next(stream)
        if step in (0, 39):
            first = next(iter(text_batches(groups, 128)))
            bounds.append(float(model.bound(first, RandomKeys.from_seed(0, first.examples)).detach().mean()))
        loss = model.loss(batch, RandomKeys.from_seed(step, batch.examples), objective)["tokens"].mean()
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
    assert bounds[1] < 0.8 * bounds[0]
    absorbing = tokens == "absorbing"
    attempts = (
        model.attempts(5, sampler="first-hitting") if absorbing else model.attempts(5, sampler="renoise", steps=4)
    )
    assert len(attempts) == 5 and "_" not in "".join(attempts)
    assert attempts.calls > 4 if absorbing else attempts.calls == 4


@pytest.mark.slow
def test_seed_decides_and_batch_size_does_not(dataset: EncodedDataset, tokenizer: SmilesTokenizer) -> None:
    groups = by_length(dataset.smiles("train"), tokenizer)
    models: list[TextGenerator] = [
        new_text(model, dataset, tokenizer, groups, network=SHAPE)
        for model in (TextDiffusion, AnyOrder, Autoregressive, ContinuousDiffusion)
    ]
    for model in models:
        model.eval()
        few = {"steps": 5} if "steps" in model.settings else {}
        base = model.attempts(40, seed=3, **few)
        assert model.attempts(40, seed=3, batch_size=7, **few) == base
        assert model.attempts(25, seed=3, **few) == base[:25]
        assert model.attempts(40, seed=4, **few) != base


def test_molecules_are_written_anew_on_every_visit(smiles: list[str]) -> None:
    texts = smiles[:200]
    tokenizer = SmilesTokenizer.learn(texts)
    groups = rewritten(texts, tokenizer, seed=0)

    def written(visit: int) -> list[str]:
        return [tokenizer.decode(row) for (rows,) in groups(visit).values() for row in rows.tolist()]

    one, two = written(0), written(1)
    assert one == written(0) != two and one != texts
    assert {strict_from_smiles(text) for text in one} <= set(texts)
    assert len(one) > 150  # a writing may need tokens that canonical ones do not have; such molecules wait


@pytest.mark.slow
def test_trace_shows_a_text_emerging(tiny_text: Path) -> None:
    model = TextDiffusion.from_pretrained(tiny_text)
    with pytest.raises(MolgenError, match="none of 100 attempts"):
        randomised(model)
        model.trace(steps=2)
    states = Autoregressive.from_pretrained(tiny_text.parents[1] / "ar" / "model").trace(seed=1)
    assert strict_from_smiles(states[-1]) is not None
    assert [len(state) for state in states] == sorted(len(state) for state in states)


@pytest.mark.slow
def test_the_command_line_trains_generates_and_continues(
    tiny_text: Path, molgen: Run, smiles_file: Path, tmp_path: Path
) -> None:
    config = tiny_text.parents[1] / "config.toml"
    for name, family in (("text", "text"), ("ar", "autoregressive")):
        model = tiny_text.parents[1] / name / "model"
        few = {"steps": 5} if name == "text" else {"temperature": {"tokens": 0.8}}
        option = ("--steps", 5) if name == "text" else ("--temperature", "tokens=0.8")
        result = molgen("generate", "--model", model, "--attempts", 20, "--seed", 1, *option)
        assert len(result.stdout.splitlines()) == 20 and "network calls" in result.stderr
        assert result.stdout.splitlines() == package.load(model).attempts(20, seed=1, **few).smiles
        out = tmp_path / name
        molgen(
            "train", family, "--data", smiles_file, "--out", out, "--config", config, "--steps", 5, "--init-from", model
        )
        assert package.load(out / "model").config == package.load(model).config
    other = molgen("train", "text", "--out", tiny_text.parents[1] / "ar", "--resume", code=2).stderr
    assert "it is of family autoregressive, not text" in other
    fluorine = tmp_path / "sulfur.smi"
    fluorine.write_text("CCS\nCCCS\nCS\nCCSC\nCCCCS\nCSCC\nCCCSC\nCSC\nCCSCC\nCSCCC\n")
    command = (
        "train",
        "text",
        "--data",
        fluorine,
        "--out",
        tmp_path / "x",
        "--init-from",
        tiny_text,
        "--config",
        config,
    )
    assert "'S'" in molgen(*command, code=1).stderr


def test_unsuitable_settings_are_refused(tiny_text: Path) -> None:
    model = package.load(tiny_text)
    with pytest.raises(UsageError, match="absorbing"):
        model.attempts(2, sampler="first-hitting")
    with pytest.raises(UsageError, match="no block to set"):
        model.attempts(2, block=3)
    with pytest.raises(UsageError, match="no steps to set"):
        package.load(tiny_text.parents[1] / "ar" / "model").attempts(2, steps=3)


class Ideal(ContinuousDiffusion):
    """Knows the language: CC and OO, equally often."""

    def forward(self, z: Tensor, t: Tensor, said: Tensor) -> Tensor:
        ratio = self.ratio(t, 2)
        a, v = ratio.sigmoid().sqrt(), (-ratio).sigmoid()
        texts = self.embed(self.one_hot(torch.tensor([[0, 0], [1, 1]])))
        score = -((z[:, None] - a[:, None] * texts) ** 2 / (2 * v[:, None])).sum((2, 3))
        return score.log_softmax(1)[:, None].expand(-1, 2, -1)


@pytest.mark.parametrize("lag", [0.0, 0.5, 3.0])
def test_the_bound_of_an_ideal_gaussian_model_is_the_entropy(lag: float) -> None:
    config = ContinuousConfig(tokenizer=TokenizerConfig(tokens=("C", "O")), lengths={2: 1.0}, marginal=(0.5, 0.5))
    gaussian = GaussianConfig(highest=6.0, lowest=-10.0, centre=-1.0, spread=1.5, lag=lag)
    config = config.model_copy(update={"gaussian": gaussian})
    model = Ideal(config).eval()
    n = 100_000
    tokens = torch.arange(2).repeat(n // 2)[:, None].expand(-1, 2)
    batch = TextBatch(tokens, torch.arange(n), 0)
    bound = model.bound(batch, RandomKeys.from_seed(0, batch.examples))
    noise = float(bound.std()) / n**0.5
    assert float(bound.mean()) == pytest.approx(torch.tensor(2.0).log().item(), abs=4 * noise)
    assert noise < 0.03
    drawn, calls = model.sample_tokens(
        2, RandomKeys.from_seed(1, torch.arange(2000)), SamplingConfig(sampler="ancestral")
    )
    counts = Counter(map(tuple, drawn))
    assert counts.keys() == {(0, 0), (1, 1)} and abs(counts[0, 0] - 1000) < 100
    assert set(calls) == {50}
