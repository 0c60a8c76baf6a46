"""Dialogue models against each other, on replies that none of them has seen.

    pip install 'molgen-diffusion[dialogue]'
    molgen train dialogue --out runs/blocks --config blocks.toml          # block = 8, say
    molgen train dialogue --out runs/autoregressive --config one.toml     # block = 1, all else equal
    python benchmarks/dialogue.py runs/blocks/model runs/autoregressive/model [--split test]

Cost and perplexity of the held-out replies (per token, the end counted; of models with blocks by the mean probability
over orders), and of five replies to every held-out prompt: distinct 1- and 2-grams, self-BLEU (lower is more varied),
and BLEU to the true replies (higher is closer to them).
"""

from __future__ import annotations

import argparse
import math
from collections import defaultdict
from statistics import mean

import torch

from molgen.datasets.splits import SplitConfig
from molgen.dialogue import BlockDiffusion, Pair, read_pairs, split_pairs
from molgen.dialogue.metrics import bleu, distinct, self_bleu, words
from molgen.dialogue.pairs import pair_batches

DRAWS, REPLIES, BATCH = 32, 5, 64


@torch.no_grad()
def cost(model: BlockDiffusion, pairs: list[Pair]) -> float:
    """Nats per reply."""
    found: list[float] = []
    for batch in pair_batches(pairs, model.tokenizer, model.config.block, BATCH, passes=1):
        found += model.estimate(batch, DRAWS).tolist()
    return mean(found)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("models", nargs="+")
    parser.add_argument("--split", choices=["validation", "test"], default="validation")
    parser.add_argument("--temperature", type=float, default=1.0)
    options = parser.parse_args()
    print("| model | block | nats per reply | perplexity | distinct-1 | distinct-2 | self-BLEU | BLEU |")
    print("|---|---|---|---|---|---|---|---|")
    for name in options.models:
        model = BlockDiffusion.from_pretrained(name).eval()
        pairs = split_pairs(read_pairs(model.config.data["name"]), SplitConfig())[options.split]
        truth: dict[str, list[list[str]]] = defaultdict(list)
        for pair in pairs:
            truth[pair.prompt].append(words(pair.reply))
        groups = [model.reply(prompt, REPLIES, temperature={"tokens": options.temperature}) for prompt in truth]
        replies = [reply for group in groups for reply in group]
        close = [bleu(truth[p], words(reply)) for p, group in zip(truth, groups, strict=True) for reply in group]
        nats, tokens = cost(model, pairs), mean(len(model.tokenizer.encode(pair.reply)) + 1 for pair in pairs)
        figures = (
            nats,
            math.exp(nats / tokens),
            distinct(replies, 1),
            distinct(replies, 2),
            self_bleu(groups),
            mean(close),
        )
        print(
            f"| {name} | {model.config.block} | " + " | ".join(f"{value:.4g}" for value in figures) + " |", flush=True
        )


if __name__ == "__main__":
    main()
