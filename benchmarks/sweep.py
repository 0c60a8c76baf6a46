"""Sampler settings of a trained model against each other, on the validation split.

    python benchmarks/sweep.py [MODEL] [--attempts 2000] [--reference qm9]

Prints a Markdown table of strict validity, uniqueness and FCD to the *validation* molecules: the test split is for
reporting, never for choosing.
"""

from __future__ import annotations

import argparse
import time
from itertools import product
from pathlib import Path
from typing import Any

import molgen
from molgen.evaluation import Evaluation, Reference, evaluate, reference_of
from molgen.models.generator import Generator
from molgen.models.settings import parse_by_kind
from molgen.system.hardware import keep_memory


def measure(model: Generator, choice: dict[str, Any], attempts: int, reference: Reference) -> tuple[Evaluation, float]:
    """Figures, and attempts per second."""
    start = time.perf_counter()
    smiles = model.attempts(attempts, seed=1, **choice)
    rate = attempts / (time.perf_counter() - start)
    return evaluate(smiles, reference), rate


def row(choice: dict[str, Any], figures: Evaluation, rate: float) -> str:
    shown = ["/".join(map(str, v.values())) if isinstance(v, dict) else str(v) for v in choice.values()]
    shown += [f"{value:.4f}" for value in (figures["validity"], figures["uniqueness"], figures["novelty"])]
    return "| " + " | ".join([*shown, f"{figures['fcd']:.3f}", f"{rate:.0f}"]) + " |"


def plot(path: Path, results: list[tuple[dict[str, Any], Evaluation]]) -> None:
    """Validity against FCD, a line per number of calls, a point per temperature."""
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    figure, axes = plt.subplots(figsize=(6, 4), layout="constrained")
    for steps in dict.fromkeys(choice["steps"] for choice, _ in results):
        points = [(f["fcd"], f["validity"], c["temperature"]) for c, f in results if c["steps"] == steps]
        axes.plot([x for x, _, _ in points], [y for _, y, _ in points], marker="o", label=f"{steps} calls")
        for x, y, temperature in points:
            label = "/".join(f"{value:g}" for value in dict.fromkeys(temperature.values()))
            axes.annotate(label, (x, y), textcoords="offset points", xytext=(5, -9), fontsize=8)
    axes.set(xlabel="FCD to validation molecules (lower is better)", ylabel="strict validity")
    axes.set_title("What temperature buys and costs", fontsize=10)
    axes.legend()
    figure.savefig(path, dpi=120)


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
    parser.add_argument("--eta", type=float, nargs="+", default=[None])
    parser.add_argument("--omega", type=float, nargs="+", default=[None])
    parser.add_argument("--plot", type=Path, help="draw validity against FCD into this .png")
    options = parser.parse_args()
    keep_memory()
    dataset = molgen.load_dataset(options.reference)
    reference = reference_of(dataset.smiles("train"), dataset.smiles("validation"))
    model = molgen.load(options.model)
    names = ("sampler", "steps", "distortion", "temperature", "top_p", "eta", "omega")
    print("| " + " | ".join([*names, "validity", "uniqueness", "novelty", "FCD (validation)", "molecules/s"]) + " |")
    print("|---" * (len(names) + 5) + "|")
    temperatures = [parse_by_kind(text, model.variables) for text in options.temperatures]
    swept = (options.samplers, options.steps, options.distortions, temperatures)
    top_p = [parse_by_kind(value, model.variables) for value in options.top_p]
    results = []
    for values in product(*swept, top_p, options.eta, options.omega):
        choice = dict(zip(names, values, strict=True))
        figures, rate = measure(model, choice, options.attempts, reference)
        print(row(choice, figures, rate), flush=True)
        results.append((choice, figures))
    if options.plot is not None:
        plot(options.plot, results)


if __name__ == "__main__":
    main()
