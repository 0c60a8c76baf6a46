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
from molgen.evaluation import evaluate
from molgen.generator import Generator
from molgen.hardware import keep_memory


def settings(calls: list[int], temperatures: list[float], samplers: list[str]) -> list[dict[str, Any]]:
    return [
        {"sampler": sampler, "steps": steps, "distortion": "identity", "temperature": dict.fromkeys(KINDS, temperature)}
        for sampler, steps, temperature in product(samplers, calls, temperatures)
    ]


KINDS = ("atoms", "bonds")


def row(model: Generator, choice: dict[str, Any], attempts: int, train: list[str], validation: list[str]) -> str:
    start = time.perf_counter()
    smiles = model.attempts(attempts, seed=1, **choice)
    rate = attempts / (time.perf_counter() - start)
    figures = evaluate(smiles, train, validation)
    temperature = choice["temperature"][KINDS[0]]
    return (
        f"| {choice['sampler']} | {choice['steps']} | {choice['distortion']} | {temperature} | {figures.validity:.4f} "
        f"| {figures.uniqueness:.4f} | {figures.novelty:.4f} | {figures.fcd:.3f} | {rate:.0f} |"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model", nargs="?", default="qm9-graph")
    parser.add_argument("--attempts", type=int, default=2000)
    parser.add_argument("--reference", default="qm9")
    parser.add_argument("--steps", type=int, nargs="+", default=[10, 20, 50])
    parser.add_argument("--temperatures", type=float, nargs="+", default=[1.0, 0.8, 0.6])
    parser.add_argument("--samplers", nargs="+", default=["renoise"])
    options = parser.parse_args()
    keep_memory()
    dataset = molgen.load_dataset(options.reference)
    train, validation = dataset.smiles("train"), dataset.smiles("validation")
    model = molgen.load(options.model)
    print("| sampler | calls | distortion | temperature | validity | uniqueness | novelty | FCD (validation) | mol/s |")
    print("|---|---|---|---|---|---|---|---|---|")
    for choice in settings(options.steps, options.temperatures, options.samplers):
        print(row(model, choice, options.attempts, train, validation), flush=True)


if __name__ == "__main__":
    main()
