"""Dialogue: exact on a toy language, split by prompt, trained and asked through the command line."""

from __future__ import annotations

from collections import Counter
from itertools import permutations, product
from pathlib import Path

import pytest
import torch

from molgen.datasets.splits import SplitConfig
from molgen.dialogue import BlockDiffusion, Pair, read_pairs, split_pairs
from molgen.dialogue.batch import BlockBatch
from molgen.dialogue.metrics import distinct, self_bleu
from molgen.dialogue.model import BlockConfig
from molgen.dialogue.pairs import pair_batches
from molgen.diffusion.random_keys import RandomKeys
from molgen.errors import MolgenError, UsageError
from molgen.nn.transformer import TransformerConfig
from molgen.text.tokenizers import TokenizerConfig
from tests.conftest import Run

END, BEGIN = 2, 3


def toy(block: int) -> BlockDiffusion:
    config = BlockConfig(
        tokenizer=TokenizerConfig(tokens=("C", "O")),
        longest=4,
        block=block,
        network=TransformerConfig(width=16, layers=2, heads=2),
    )
    model = BlockDiffusion(config)
    torch.manual_seed(1)
    for parameter in model.parameters():
        torch.nn.init.normal_(parameter, std=0.4)
    return model.eval()


@torch.no_grad()
def exact_first_block(model: BlockDiffusion, prompt: list[int]) -> dict[tuple[int, ...], float]:
    """Probability of every first block of a reply, by every order of its tokens, without a cache."""
    size, given = model.config.block, [BEGIN, *prompt, END]
    found: dict[tuple[int, ...], float] = {}
    for text in product(range(3), repeat=size):
        total = 0.0
        orders = list(permutations(range(size)))
        for order in orders:
            places = [*range(len(given)), *(len(given) + place for place in order)]
            tokens = [*given, *(text[place] for place in order)]
            logits = model(
                torch.tensor([tokens[:-1]]),
                torch.tensor([places[:-1]]),
                torch.tensor([places[1:]]),
                torch.tensor([len(given)]),
            )[0, len(given) - 1 :]
            cost = torch.nn.functional.cross_entropy(logits, torch.tensor(tokens[len(given) :]), reduction="sum")
            total += float((-cost).exp()) / len(orders)
        found[text] = total
    return found


@pytest.mark.slow
@pytest.mark.parametrize("block", [1, 2, 3])
def test_replies_follow_the_exact_distribution(block: int) -> None:
    model = toy(block)
    exact = exact_first_block(model, [0, 1])
    assert sum(exact.values()) == pytest.approx(1, abs=1e-4)
    n = 20_000
    counts = Counter(model.reply("CO", n, seed=3))
    beginnings: Counter[str] = Counter()  # of what every first block leads to, as far as it goes
    for text, probability in exact.items():
        known = "".join("CO"[token] for token in text[: text.index(END) if END in text else block])
        beginnings["=" + known if END in text else known] += probability  # type: ignore[assignment]
    for known, probability in beginnings.items():
        if known.startswith("="):
            found = counts[known[1:]] / n
        else:
            found = sum(count for reply, count in counts.items() if reply.startswith(known)) / n
            found -= sum(p for other, p in beginnings.items() if other.startswith("=" + known))
        assert found == pytest.approx(probability, abs=0.02), known


@pytest.mark.parametrize("block", [1, 2, 3])
def test_the_bound_is_the_mean_over_orders(block: int) -> None:
    model = toy(block)
    n = 4000
    pair = torch.tensor([[BEGIN, 0, 1, END, 1, *[END] * (-1 % block or block)][: 4 + block]])
    text = tuple(pair[0, 4:].tolist())
    batch = BlockBatch(pair.expand(n, -1), torch.full((n,), 4), torch.arange(n), 0)
    bound = float(model.bound(batch, RandomKeys.from_seed(0, batch.examples)).detach().mean())
    exact = -torch.tensor(exact_first_block(model, [0, 1])[text]).log().item()
    assert bound >= exact - 1e-4
    assert bound < exact + 0.5
    if block == 1:
        assert bound == pytest.approx(exact, abs=1e-4)


def test_seed_decides_and_the_number_of_replies_does_not() -> None:
    model = toy(2)
    assert model.reply("C", 5, seed=1) == model.reply("C", 20, seed=1)[:5]
    assert model.reply("C", 20, seed=1) != model.reply("C", 20, seed=2)
    several = model.replies("C", 5, seed=1)
    assert len(set(several)) == len(several) == 5 and "" not in several
    seen: list[list[str]] = []
    last = model.reply("CO", 3, observer=seen.append)
    assert seen[-1] == last and any("_" in text for text in seen[0])
    for wrong in ("", "  \n"):
        with pytest.raises(UsageError, match="prompt is empty"):
            model.reply(wrong)
    with pytest.raises(UsageError, match="no template to set"):
        model.reply("C", template="C*")


def test_prompts_of_one_split_stand_in_no_other() -> None:
    pairs = [Pair(prompt, f"{i}") for i in range(60) for prompt in (f"Is it {i}?", f"is it {i}", f"IS it, {i}!")]
    splits = split_pairs(pairs, SplitConfig(seed=1))
    assert sorted(pair for found in splits.values() for pair in found) == sorted(pairs)
    numbers = [{pair.reply for pair in found} for found in splits.values()]
    assert [len(found) for found in numbers] == [48, 6, 6]
    assert not numbers[0] & numbers[1] and not numbers[1] & numbers[2]
    assert splits == split_pairs(pairs, SplitConfig(seed=1)) != split_pairs(pairs, SplitConfig(seed=2))


def test_the_english_corpus_is_read() -> None:
    pairs = read_pairs("chatterbot")
    assert len(pairs) > 1000 and len(set(pairs)) == len(pairs)
    assert any(pair.prompt == "What is your favorite book?" for pair in pairs)


def test_bad_corpora_have_one_line_errors(tmp_path: Path) -> None:
    path = tmp_path / "pairs.tsv"
    path.write_text("hello\thi\nno tab here\n")
    with pytest.raises(MolgenError, match="line 2"):
        read_pairs(str(path))
    path.write_text("\n".join("\t" for _ in range(3)))
    with pytest.raises(MolgenError, match="no pairs"):
        read_pairs(str(path))
    with pytest.raises(UsageError, match="no corpus"):
        read_pairs(str(tmp_path / "none.tsv"))


def test_distinct_and_self_bleu() -> None:
    assert distinct(["a b", "a b"], 1) == 0.5 and distinct(["a b", "a b"], 2) == 0.5
    assert distinct(["a b", "c d"], 1) == 1 and distinct([], 1) == 0
    assert self_bleu([["the cat sat on the mat"] * 3]) == pytest.approx(1)
    varied = self_bleu([["the cat sat on the mat", "a dog lay in my bed", "we all fall down now"]])
    near = self_bleu([["the cat sat on the mat", "the cat sat on the bed", "the cat lay on the mat"]])
    assert varied < 0.1 < near < 1
    with pytest.raises(MolgenError, match="at least two"):
        self_bleu([["alone"]])


TOML = """
block = 4

[data]
vocabulary = 300

[network]
width = 32
layers = 2
heads = 2
dropout = 0.1

[optimiser]
steps = 300
batch_size = 16
warmup = 5
learning_rate = 1e-2
validate_steps = 300
patience = 40
"""


@pytest.fixture(scope="module")
def run(molgen: Run, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("dialogue")
    (folder / "config.toml").write_text(TOML)
    numbers = ["one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten"]
    lines = [
        f"what comes {word} {number}?\tit is {number}" for number in numbers for word in ("after", "before", "with")
    ]
    (folder / "pairs.tsv").write_text("\n".join(lines) + "\n")
    molgen(
        "train", "dialogue", "--data", folder / "pairs.tsv", "--out", folder / "run", "--config", folder / "config.toml"
    )
    return folder / "run"


@pytest.mark.slow
def test_a_model_is_trained_and_answers(molgen: Run, run: Path) -> None:
    model = run / "model"
    result = molgen(
        "dialogue", "chat", "--model", model, "--prompt", "what comes after three?", "--replies", 2, "--top-p", 0.5
    )
    lines = result.stdout.splitlines()
    assert 1 <= len(lines) <= 2 and lines[0].startswith("it is")
    assert molgen("dialogue", "chat", "--model", model, "--prompt", "  ", code=2).stderr.count("\n") == 1
    assert "one that answers" in molgen("dialogue", "chat", "--model", "qm9-graph", "--prompt", "x", code=1).stderr
    assert "not one that generates molecules" in molgen("generate", "--model", model, "-n", 3, code=1).stderr


def test_training_stops_early_and_keeps_the_best(molgen: Run, run: Path, tmp_path: Path) -> None:
    config = tmp_path / "config.toml"
    often = TOML.replace("validate_steps = 300", "validate_steps = 10").replace("patience = 40", "patience = 2")
    config.write_text(often.replace("\nsteps = 300", "\nsteps = 100000"))
    data = run.parent / "pairs.tsv"
    errors = molgen("train", "dialogue", "--data", data, "--out", tmp_path / "run", "--config", config).stderr
    bounds = [float(line.split("bound_nats")[1].split()[0]) for line in errors.splitlines() if "bound_nats" in line]
    assert len(bounds) >= 3 and min(bounds) == bounds[-3]
    splits = split_pairs(read_pairs(str(data)), SplitConfig())
    model = BlockDiffusion.from_pretrained(tmp_path / "run" / "model")
    batches = pair_batches(splits["validation"], model.tokenizer, model.config.block, 256, passes=1)
    with torch.no_grad():
        costs = [cost for b in batches for cost in model.bound(b, RandomKeys.from_seed(0, b.examples)).tolist()]
    assert sum(costs) / len(costs) == pytest.approx(min(bounds), rel=1e-3)
