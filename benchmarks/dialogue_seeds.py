"""Are replies of block diffusion more varied than those of an autoregressive model, at equal quality? Several seeds.

    pip install 'molgen-diffusion[dialogue]'
    python benchmarks/dialogue_seeds.py train runs/dialogue            # two models for each of three seeds
    python benchmarks/dialogue_seeds.py measure runs/dialogue [--temperature 0.8]

Quality is BLEU to the true replies. For each seed the autoregressive model replies at a given temperature, and the
temperature of block diffusion is that at which its BLEU is the same on the validation split, by a straight line
through the logarithm of BLEU at several temperatures. Both then reply to the prompts of the test split. The printed
intervals are Student's over the seeds, 95 %.
"""

from __future__ import annotations

import argparse
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import mean, stdev
from typing import Any

import numpy as np
from scipy.stats import t as student

from molgen.datasets.splits import TEST, VALIDATION, SplitConfig
from molgen.dialogue import BlockDiffusion, read_pairs, split_pairs
from molgen.dialogue.metrics import bleu, distinct, self_bleu, words
from molgen.system.stopping import pass_on
from molgen.training.train import train_run

BLOCKS = {"blocks": 8, "autoregressive": 1}
GRID = (0.5, 0.6, 0.7, 0.8, 0.9, 1.0, 1.1)
"""Temperatures of block diffusion on the validation split."""

REPLIES, SET = 20, 5
"""Replies to each prompt, and how many of them variety is measured among."""

SETTINGS: dict[str, Any] = {
    "network": {"width": 128, "layers": 4, "heads": 4, "dropout": 0.2},
    "optimiser": {"method": "muon", "batch_size": 64, "patience": 4, "validate_minutes": 0.3},
}


@dataclass(frozen=True)
class Figures:
    """Of the replies of a model at a temperature."""

    bleu: float
    distinct_1: float
    distinct_2: float
    self_bleu: float


def train(folder: Path, seeds: Sequence[int], minutes: float) -> None:
    """Two models a seed, alike but for their blocks; those that are there already are kept."""
    for seed in seeds:
        for name, block in BLOCKS.items():
            run = folder / f"{name}_{seed}"
            if not (run / "model").is_dir():
                pass_on(train_run("dialogue", run, config={**SETTINGS, "block": block}, minutes=minutes, seed=seed))


def truth(model: BlockDiffusion, split: str) -> dict[str, list[list[str]]]:
    """Words of the true replies to each prompt of a split."""
    found: dict[str, list[list[str]]] = defaultdict(list)
    for pair in split_pairs(read_pairs(model.config.data["name"]), SplitConfig())[split]:
        found[pair.prompt].append(words(pair.reply))
    return found


def figures(model: BlockDiffusion, replies: Mapping[str, list[list[str]]], temperature: float) -> Figures:
    """Figures of replies to prompts, whose true replies are given."""
    made = [model.reply(prompt, REPLIES, temperature={"tokens": temperature}) for prompt in replies]
    sets = [[group[start : start + SET] for group in made] for start in range(0, REPLIES, SET)]
    texts = [[reply for group in part for reply in group] for part in sets]
    return Figures(
        mean(bleu(true, words(reply)) for true, group in zip(replies.values(), made, strict=True) for reply in group),
        mean(distinct(part, 1) for part in texts),
        mean(distinct(part, 2) for part in texts),
        mean(self_bleu(part) for part in sets),
    )


def matched(model: BlockDiffusion, wanted: float) -> float:
    """Temperature at which BLEU on the validation split is as wanted."""
    prompts = truth(model, VALIDATION)
    found = [figures(model, prompts, temperature).bleu for temperature in GRID]
    print(f"blocks, validation, BLEU by temperature: {dict(zip(GRID, np.round(found, 4).tolist(), strict=True))}")
    slope, intercept = np.polyfit(GRID, np.log(found), 1)
    return float((np.log(wanted) - intercept) / slope)


def row(name: str, seed: int, temperature: float, found: Figures) -> str:
    """Of the table."""
    return f"| {name} | {seed} | {temperature:.2f} | " + " | ".join(f"{value:.4f}" for value in asdict(found).values())


def measure(folder: Path, seeds: Sequence[int], temperature: float) -> None:
    """Print both models of each seed at matched temperatures, and the mean differences with intervals."""
    lines, differences = [], list[list[float]]()
    for seed in seeds:
        blocks, one = (BlockDiffusion.from_pretrained(folder / f"{name}_{seed}" / "model").eval() for name in BLOCKS)
        wanted = figures(one, truth(one, VALIDATION), temperature).bleu
        print(f"autoregressive, validation, seed {seed}, temperature {temperature}: BLEU {wanted:.4f}")
        chosen = matched(blocks, wanted)
        both = figures(blocks, truth(blocks, TEST), chosen), figures(one, truth(one, TEST), temperature)
        lines += [row("blocks of 8", seed, chosen, both[0]), row("autoregressive", seed, temperature, both[1])]
        values = [list(asdict(found).values()) for found in both]
        differences.append([mine - other for mine, other in zip(*values, strict=True)])
        print("\n".join(lines[-2:]), flush=True)
    print(
        "\n| model | seed | temperature | BLEU | distinct-1 | distinct-2 | self-BLEU |\n|---|---|---|---|---|---|---|"
    )
    print("\n".join(f"{line} |" for line in lines))
    factor = float(student.ppf(0.975, len(seeds) - 1)) / len(seeds) ** 0.5
    for name, column in zip(asdict(both[0]), zip(*differences, strict=True), strict=True):
        print(f"{name}: blocks minus autoregressive {mean(column):+.4f} ± {factor * stdev(column):.4f}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=["train", "measure"])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    parser.add_argument("--minutes", type=float, default=4.0, help="most for each training")
    parser.add_argument("--temperature", type=float, default=1.0, help="of the autoregressive model")
    options = parser.parse_args()
    if options.what == "train":
        train(options.folder, options.seeds, options.minutes)
    else:
        measure(options.folder, options.seeds, options.temperature)


if __name__ == "__main__":
    main()
