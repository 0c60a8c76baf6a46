"""Sampler settings of a trained model against each other, on the validation split.

    python benchmarks/sweep.py [MODEL] [--attempts 2000] [--reference qm9]

Prints a Markdown table of strict validity, uniqueness and FCD to the *validation* molecules: the test split is for
reporting, never for choosing.
"""

from __future__ import annotations

import argparse
import time
from itertools import product
from typing import Any

import molgen
from molgen.cli.options import KINDS, by_kind
from molgen.evaluation import evaluate
from molgen.generator import Generator
from molgen.hardware import keep_memory


def row(model: Generator, choice: dict[str, Any], attempts: int, train: list[str], validation: list[str]) -> str:
    start = time.perf_counter()
    smiles = model.attempts(attempts, seed=1, **choice)
    rate = attempts / (time.perf_counter() - start)
    figures = evaluate(smiles, train, validation)
    shown = [str(value) for value in choice.values()]
    shown += [f"{value:.4f}" for value in (figures.validity, figures.uniqueness, figures.novelty)]
    return "| " + " | ".join([*shown, f"{figures.fcd:.3f}", f"{rate:.0f}"]) + " |"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model", nargs="?", default="qm9-graph")
    parser.add_argument("--attempts", type=int, default=2000)
    parser.add_argument("--reference", default="qm9")
    parser.add_argument("--steps", type=int, nargs="+", default=[10, 20, 50])
    parser.add_argument("--temperatures", nargs="+", default=["1.0", "0.8", "0.6"], help="each X or atoms=X,bonds=Y")
    parser.add_argument("--samplers", nargs="+", default=["renoise"])
    parser.add_argument("--distortions", nargs="+", default=["identity"])
    parser.add_argument("--top-p", type=float, nargs="+", default=[1.0])
    parser.add_argument("--eta", type=float, nargs="+", default=[0.0])
    parser.add_argument("--omega", type=float, nargs="+", default=[0.0])
    options = parser.parse_args()
    keep_memory()
    dataset = molgen.load_dataset(options.reference)
    train, validation = dataset.smiles("train"), dataset.smiles("validation")
    model = molgen.load(options.model)
    names = ("sampler", "steps", "distortion", "temperature", "top_p", "eta", "omega")
    print("| " + " | ".join([*names, "validity", "uniqueness", "novelty", "FCD (validation)", "molecules/s"]) + " |")
    print("|---" * (len(names) + 5) + "|")
    temperatures = [by_kind(text, "--temperatures") for text in options.temperatures]
    swept = (options.samplers, options.steps, options.distortions, temperatures)
    top_p = [dict.fromkeys(KINDS, value) for value in options.top_p]
    for choice in product(*swept, top_p, options.eta, options.omega):
        print(row(model, dict(zip(names, choice, strict=True)), options.attempts, train, validation), flush=True)


if __name__ == "__main__":
    main()
