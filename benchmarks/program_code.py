"""Program code: text diffusion in blocks against autoregression, on functions of Python's standard library.

    python benchmarks/program_code.py data runs/functions.tsv
    python benchmarks/program_code.py train runs/functions.tsv runs/code_one --order one --seconds 1800
    python benchmarks/program_code.py train runs/functions.tsv runs/code_blocks --order blocks --seconds 1800
    python benchmarks/program_code.py train runs/functions.tsv runs/code_whole --order whole --seconds 1800
    python benchmarks/program_code.py measure runs/code_one/model [MODEL ...]

The functions are those of the running interpreter's library. They are replies for `molgen train dialogue`, the name of
their module is the prompt: the split is by prompt, so that no module is in two splits. ``one`` is the autoregressive
model (blocks of one token), ``blocks`` has blocks of 8, ``whole`` is one block as long as the longest function: masked
diffusion of the whole text. Network, vocabulary and training are the same.

Printed on the test split: nats per character (exact for ``one``, an upper bound for the others); of 500 functions
written for its modules, how many parse and how many different ones parse and are not in training; and how often a
function with a hole parses, and is the original, once the hole is filled. Code is parsed, and never run.
"""

from __future__ import annotations

import argparse
import ast
import hashlib
import random
import re
import sys
import sysconfig
import time
import warnings
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import islice
from pathlib import Path
from statistics import mean
from typing import Any

import torch
from torch import Tensor

from molgen.datasets.splits import TEST, TRAIN, SplitConfig
from molgen.dialogue import BlockDiffusion, Pair, read_pairs, split_pairs
from molgen.dialogue.pairs import opening, pair_batches
from molgen.diffusion.random_keys import RandomKeys
from molgen.models.sampling import SamplingConfig
from molgen.nn.transformer import Cache
from molgen.system.stopping import pass_on
from molgen.text.decoding import unmask
from molgen.text.tokenizers import BytePairTokenizer, Tokenizer
from molgen.training.folder import CHECKPOINT_FILE
from molgen.training.train import train_run

SHORTEST, LONGEST = 60, 300
"""Characters of a function."""

TOKENS, VOCABULARY = 112, 1024
"""Tokens of the longest function, and of the vocabulary. ``whole`` fills every function up to the longest one, so that
a few long ones would cost it much of its time."""

NOT_LIBRARY = frozenset({"test", "tests", "idle_test", "site-packages"})
BREAK = 0x2460
"""The circled numbers from here on stand for the end of a line and the depth of the next one, since spaces in a row are
not kept in a file of pairs; and a line's end is one token."""

DEPTHS = 20
BREAKS = re.compile(f"[{chr(BREAK)}-{chr(BREAK + DEPTHS - 1)}]")

BATCH = 64
"""Functions at a time, for their likelihood."""

LINES, SHARE = 3, 0.2
"""Lines of the largest hole of whole lines, and share of the tokens in a hole of another kind."""

ROOM = 64
"""Tokens written after the left side, of which the missing lines are taken."""

SETTINGS: dict[str, dict[str, Any]] = {
    "network": {"width": 160, "layers": 5, "heads": 4},
    "optimiser": {
        "method": "muon",
        "batch_size": 32,
        "warmup": 50,
        "dropout": 0.1,
        "validation_molecules": 200,
        "patience": 1000,
    },
}
"""Of all models. The patience never ends: it has the best weights kept instead of the last ones."""


def library() -> Iterator[Pair]:
    """Modules of the standard library by name, each with its source."""
    root = Path(sysconfig.get_paths()["stdlib"])
    for path in sorted(root.rglob("*.py")):
        parts = path.relative_to(root).with_suffix("").parts
        if not NOT_LIBRARY & set(parts):
            yield Pair(".".join(parts), path.read_text(encoding="utf-8"))


def functions(source: str) -> Iterator[str]:
    """Functions and methods that are not inside another one, as `ast.unparse` writes them: without comments and with
    one layout for all, from the first column on. Docstrings are left out."""
    inside: list[ast.AST] = [ast.parse(source)]
    while inside:
        for node in ast.iter_child_nodes(inside.pop()):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                if ast.get_docstring(node, clean=False) is not None:
                    node.body = node.body[1:] or [ast.Pass()]
                yield ast.unparse(node)
            else:
                inside.append(node)


def one_line(code: str) -> str:
    """Code in one line; see `BREAK`."""
    return re.sub(r"\n((?: {4})*)", lambda found: chr(BREAK + len(found[1]) // 4), code)


def many_lines(text: str) -> str:
    """The code that `one_line` wrote."""
    return BREAKS.sub(lambda found: "\n" + "    " * (ord(found[0]) - BREAK), text)


def collect(modules: Iterable[Pair]) -> tuple[list[Pair], Counter[str]]:
    """Pairs of module and function, and what was left out, by reason."""
    found: dict[str, str] = {}
    left_out: Counter[str] = Counter()
    for module, source in modules:
        for code in functions(source):
            text = one_line(code)
            if not SHORTEST <= len(code) <= LONGEST:
                left_out[f"not of {SHORTEST} to {LONGEST} characters"] += 1
            elif text in found:
                left_out["same as another"] += 1
            elif many_lines(text) != code or re.search(r"\s\s|[^\S ]", text):
                left_out["not to be written as a line"] += 1
            else:
                found[text] = module
    pairs = [Pair(module, text) for text, module in found.items()]
    tokenizer = learned(pairs)
    short = [pair for pair in pairs if len(tokenizer.encode(pair.reply)) <= TOKENS]
    left_out[f"more than {TOKENS} tokens"] = len(pairs) - len(short)
    return short, left_out


def learned(pairs: Sequence[Pair]) -> BytePairTokenizer:
    """The vocabulary that training learns from its part of some pairs."""
    texts = [text for pair in split_pairs(pairs, SplitConfig())[TRAIN] for text in pair]
    return BytePairTokenizer.learn(texts, VOCABULARY)


def write_data(out: Path) -> None:
    """Write the file of pairs, and print what is in it."""
    pairs, left_out = collect(library())
    content = "".join(f"{module}\t{text}\n" for module, text in pairs).encode()
    out.parent.mkdir(parents=True, exist_ok=True)
    out.write_bytes(content)
    print(f"Python {sys.version.split()[0]}: {len(pairs):,} functions, sha256 {hashlib.sha256(content).hexdigest()}")
    for reason, count in left_out.items():
        print(f"left out, {reason}: {count:,}")
    print("| split | modules | functions | characters |\n|---|---|---|---|")
    for name, part in split_pairs(read_pairs(str(out)), SplitConfig()).items():
        characters = sum(len(many_lines(pair.reply)) for pair in part)
        print(f"| {name} | {len({pair.prompt for pair in part}):,} | {len(part):,} | {characters:,} |")


def block_size(order: str, data: Path) -> int:
    """Tokens in a block; of ``whole`` so many that the longest function and its end are in one."""
    if order != "whole":
        return {"one": 1, "blocks": 8}[order]
    pairs = read_pairs(str(data))
    tokenizer = learned(pairs)
    return max(len(tokenizer.encode(pair.reply)) for pair in pairs) + 1


def train(data: Path, run: Path, order: str, seconds: float, seed: int, resume: bool) -> None:
    """Train a model, or train it further until it has had so many seconds in all."""
    minutes = seconds / 60
    if resume:
        pass_on(train_run("dialogue", run, resume=True, minutes=minutes))
        return
    optimiser = {**SETTINGS["optimiser"], "validate_minutes": minutes / 20, "save_minutes": minutes / 20}
    config = {**SETTINGS, "block": block_size(order, data), "data": {"vocabulary": VOCABULARY}, "optimiser": optimiser}
    pass_on(train_run("dialogue", run, data, config=config, minutes=minutes, seed=seed))


def parsed(code: str) -> str | None:
    """One function, written as those of training are; None where the code is anything else."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of escapes in strings that Python does not have
            tree = ast.parse(code)
            if len(tree.body) != 1 or not isinstance(tree.body[0], ast.FunctionDef | ast.AsyncFunctionDef):
                return None
            return next(functions(code))
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None


@torch.no_grad()
def nats(model: BlockDiffusion, pairs: Sequence[Pair], draws: int) -> float:
    """Nats per character of the code, of functions together with their ends, by the mean probability over so many
    orders; over the only one there is for an autoregressive model."""
    draws = 1 if model.config.block == 1 else draws
    batches = pair_batches(pairs, model.tokenizer, model.config.block, BATCH, passes=1)
    total = sum(float(model.estimate(batch, draws).sum()) for batch in batches)
    return total / sum(len(many_lines(pair.reply)) for pair in pairs)


def written(model: BlockDiffusion, modules: Sequence[str], options: argparse.Namespace) -> list[str]:
    """Functions for modules, as many for each as for any other, or one less."""
    each = -(-options.samples // len(modules))
    replies = [
        model.reply(name, each, seed=options.seed + number, temperature=options.temperature)
        for number, name in enumerate(modules)
    ]
    mixed = (text for row in zip(*replies, strict=True) for text in row)
    return [many_lines(text) for text in islice(mixed, options.samples)]


@dataclass(frozen=True)
class Hole:
    """A function of which something is missing, as tokens.

    Attributes:
        prompt: name of its module.
        left: what stands before the hole.
        middle: what is missing.
        right: what follows.
    """

    prompt: str
    left: list[int]
    middle: list[int]
    right: list[int]


def without_lines(pair: Pair, tokenizer: Tokenizer, seed: int) -> Hole | None:
    """A function without one to three whole lines; the first and the last one stay, and so does the depth of the first
    line that is missing. None where there is no line in between."""
    breaks = list(BREAKS.finditer(pair.reply))
    if len(breaks) < 2:
        return None
    chance = random.Random(f"{seed} {pair.reply}")
    count = chance.randint(1, min(LINES, len(breaks) - 1))
    first = chance.randrange(len(breaks) - count)
    start, stop = breaks[first].end(), breaks[first + count].start()
    left, middle, right = pair.reply[:start], pair.reply[start:stop], pair.reply[stop:]
    return Hole(pair.prompt, tokenizer.encode(left), tokenizer.encode(middle), tokenizer.encode(right))


def without_tokens(pair: Pair, tokenizer: Tokenizer, seed: int) -> Hole:
    """A function without a fifth of its tokens in a row; the first and the last one stay."""
    tokens = tokenizer.encode(pair.reply)
    size = max(1, round(SHARE * len(tokens)))
    start = random.Random(f"{seed} {pair.reply}").randrange(1, len(tokens) - size)
    return Hole(pair.prompt, tokens[:start], tokens[start : start + size], tokens[start + size :])


@torch.no_grad()
def fill(
    model: BlockDiffusion, hole: Hole, size: int, right: list[int], sampling: SamplingConfig, rng: RandomKeys
) -> list[int]:
    """Tokens in the place of a hole.

    Of the right side the model sees what is in the block where the hole ends: nothing if it is autoregressive, all if
    its block is the whole text. Inside a block what is given is read first, in a random order.

    Args:
        model: any.
        hole: its left side is given.
        size: tokens to write.
        right: tokens that follow; with none the text may end anywhere.
        sampling: how.
        rng: one key.
    """
    given, block, start = opening(hole.prompt, model.tokenizer), model.config.block, len(hole.left)
    text = hole.left + [model.end] * size + right
    text += [model.end] * (block - len(text) % block) if right else []  # as in training
    unknown = range(start, start + size)
    seen = range(min(len(text), ((start + size - 1) // block + 1) * block))
    chance = rng.fold_in(0).uniform(len(seen))[0].tolist()
    order = sorted(seen, key=lambda place: (place // block, place in unknown, chance[place]))
    first = order.index(next(place for place in order if place in unknown))
    places = torch.tensor([[*range(len(given)), *(len(given) + place for place in order)]])
    read = len(given) + first
    tokens = torch.tensor([given + [text[place] for place in order[:first]]])

    def draw(number: int, logits: Tensor) -> Tensor:
        place = order[first + number]
        if place in unknown:
            if right:
                logits[:, model.end] = float("-inf")
            drawn = rng.fold_in(number + 1).categorical(sampling.probabilities(logits))
            text[place] = int(drawn)
        return torch.tensor([text[place]])

    network = partial(model, begins=torch.tensor([len(given)]), cache=Cache(model.config.network.layers))
    for _ in unmask(network, tokens, places[:, :read], places[:, 1:read], places[:, read:], draw):
        pass  # `draw` puts the tokens into the text
    return text[start : start + size]


def with_nothing(model: BlockDiffusion, hole: Hole, sampling: SamplingConfig, rng: RandomKeys) -> str:
    """The text with nothing in the place of the hole: how much a hole harms at all."""
    return model.tokenizer.decode(hole.left + hole.right)


def with_tokens(model: BlockDiffusion, hole: Hole, sampling: SamplingConfig, rng: RandomKeys) -> str:
    """The text with as many tokens as are missing."""
    middle = fill(model, hole, len(hole.middle), hole.right, sampling, rng)
    return model.tokenizer.decode(hole.left + middle + hole.right)


def with_lines(model: BlockDiffusion, hole: Hole, sampling: SamplingConfig, rng: RandomKeys) -> str:
    """The text with as many lines as are missing, of whatever length, written after the left side alone; with fewer
    where the model ends the function before."""
    left, middle, right = map(model.tokenizer.decode, (hole.left, hole.middle, hole.right))
    block = model.config.block
    size = ROOM if block < ROOM else min(ROOM, block - len(hole.left))  # a block that is a whole text has none after it
    tokens = fill(model, hole, size, [], sampling, rng)
    found = model.tokenizer.decode(tokens[: tokens.index(model.end)] if model.end in tokens else tokens)
    breaks, lines = list(BREAKS.finditer(found)), len(BREAKS.findall(middle)) + 1
    return left + (found[: breaks[lines - 1].start()] if len(breaks) >= lines else found) + right


FILLED = {
    "lines": {"nothing": with_nothing, "as many tokens": with_tokens, "as many lines, from the left": with_lines},
    "tokens": {"nothing": with_nothing, "as many tokens": with_tokens},
}
"""Ways of filling holes of each kind."""


def print_samples(name: Path, model: BlockDiffusion, options: argparse.Namespace) -> None:
    """Likelihood and samples of a model, as a table."""
    splits = split_pairs(read_pairs(model.config.data["name"]), SplitConfig())
    start = time.perf_counter()
    codes = written(model, sorted({pair.prompt for pair in splits[TEST]}), options)
    rate = sum(map(len, codes)) / (time.perf_counter() - start)
    good = [code for code in map(parsed, codes) if code is not None]
    new = set(good) - {many_lines(pair.reply) for pair in splits[TRAIN]}
    steps = torch.load(name.parent / CHECKPOINT_FILE, weights_only=True, map_location="cpu")["global_step"]
    figures = (
        f"{model.config.block} | {sum(weights.numel() for weights in model.parameters()):,} | {steps:,}",
        f"{nats(model, splits[TEST], options.draws):.4f} | {len(good) / len(codes):.3f} | {len(new) / len(codes):.3f}",
        f"{mean(map(len, codes)):.0f} | {rate:.0f}",
    )
    print("| model | block | parameters | steps | nats per character | parse | different and new | length | rate |")
    print(f"|---|---|---|---|---|---|---|---|---|\n| {name} | {' | '.join(figures)} |\n", flush=True)


def print_holes(name: Path, model: BlockDiffusion, options: argparse.Namespace) -> None:
    """What becomes of functions whose holes a model fills, as a table."""
    pairs = split_pairs(read_pairs(model.config.data["name"]), SplitConfig())[TEST]
    random.Random(options.seed).shuffle(pairs)
    lined = (without_lines(pair, model.tokenizer, options.seed) for pair in pairs)
    holes = {
        "lines": list(islice((hole for hole in lined if hole is not None), options.holes)),
        "tokens": [without_tokens(pair, model.tokenizer, options.seed) for pair in pairs[: options.holes]],
    }
    sampling = model.sampling_with(temperature=options.temperature)
    print("| model | missing | filled with | holes | parse | are the original |\n|---|---|---|---|---|---|")
    for kind, ways in FILLED.items():
        whole = [model.tokenizer.decode(hole.left + hole.middle + hole.right) for hole in holes[kind]]
        for way, filled in ways.items():
            keys = (RandomKeys.from_seed(options.seed, torch.tensor([number])) for number in range(len(whole)))
            texts = [filled(model, hole, sampling, rng) for hole, rng in zip(holes[kind], keys, strict=True)]
            good = mean(parsed(many_lines(text)) is not None for text in texts)
            same = mean(text == original for text, original in zip(texts, whole, strict=True))
            print(f"| {name} | {kind} | {way} | {len(texts)} | {good:.3f} | {same:.3f} |", flush=True)
    print()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(required=True, dest="command")
    collecting = commands.add_parser("data")
    collecting.add_argument("out", type=Path)
    training = commands.add_parser("train")
    training.add_argument("data", type=Path)
    training.add_argument("run", type=Path)
    training.add_argument("--order", choices=["one", "blocks", "whole"], required=True)
    training.add_argument("--seconds", type=float, default=1800)
    training.add_argument("--seed", type=int, default=0)
    training.add_argument("--resume", action="store_true")
    measuring = commands.add_parser("measure")
    measuring.add_argument("models", type=Path, nargs="+")
    measuring.add_argument("--temperature", type=float, default=1.0)
    measuring.add_argument("--samples", type=int, default=500)
    measuring.add_argument("--holes", type=int, default=300, help="of each kind")
    measuring.add_argument("--draws", type=int, default=16, help="of orders, for the likelihood")
    measuring.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    if options.command == "data":
        write_data(options.out)
    elif options.command == "train":
        train(options.data, options.run, options.order, options.seconds, options.seed, options.resume)
    else:
        for name in options.models:
            model = BlockDiffusion.from_pretrained(name).eval()
            print_samples(name, model, options)
            print_holes(name, model, options)


if __name__ == "__main__":
    main()
