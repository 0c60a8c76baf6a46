"""Training and sampling throughput of the graph model on this machine, for QM9-sized and drug-sized graphs.

    python benchmarks/throughput.py [--seconds 10]

Random graphs of one size, all cores, the default network without features of the noisy graph (1.5 million parameters,
as the first qm9-graph had). Prints a Markdown table: molecules per second in training (forward, backward, optimiser)
and molecules per second for one network call in sampling (network, draw, renoise); at k calls a model samples 1 / k of
the latter. Beside it stands the rate of a bare float32 matrix product on the same machine in the same run, to which the
network's own arithmetic can be compared. A second table compares the two forms of the network, forward and backward:
matrix products, for molecules of one size, and PyG's message passing, which takes molecules of any sizes.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable

import numpy as np
import torch
from torch_geometric.data import Batch

from molgen.chem.codec import MoleculeGraph
from molgen.chem.convert import graph_to_data
from molgen.datasets.batches import GraphBatch
from molgen.diffusion.process import State
from molgen.diffusion.random_keys import RandomKeys
from molgen.diffusion.samplers import Renoise, SamplerSettings
from molgen.graph.config import DenoiserConfig
from molgen.graph.model import GraphDiffusion, GraphModelConfig
from molgen.system.hardware import keep_memory

CASES = {"QM9-sized (9 heavy atoms)": (9, 256), "drug-sized (22 heavy atoms)": (22, 64)}
ATOMS = ("C", "O", "N", "c", "n", "o", "[nH]", "F", "[O-]", "[NH2+]", "[N+]", "[NH+]", "[NH3+]", "[n-]", "[C-]", "S")


def model(size: int) -> GraphDiffusion:
    torch.manual_seed(0)
    config = GraphModelConfig(
        atoms=ATOMS,
        sizes={size: 1.0},
        atom_marginal=(1 / len(ATOMS),) * len(ATOMS),
        bond_marginal=(0.75, 0.15, 0.05, 0.02, 0.03),
        denoiser=DenoiserConfig(max_atoms=size),
    )
    return GraphDiffusion(config)


def batch(size: int, count: int) -> GraphBatch:
    return GraphBatch(
        atoms=torch.randint(0, len(ATOMS), (count, size)),
        bonds=torch.randint(0, 5, (count, size * (size - 1) // 2)),
        examples=torch.arange(count),
        visit=0,
    )


def rate(action: Callable[[], None], amount: float, seconds: float) -> float:
    """Amount per second, after one warm-up call."""
    action()
    start, calls = time.perf_counter(), 0
    while time.perf_counter() - start < seconds:
        action()
        calls += 1
    return amount * calls / (time.perf_counter() - start)


def training_rate(size: int, count: int, seconds: float) -> float:
    generator, molecules = model(size).train(), batch(size, count)
    optimiser = torch.optim.AdamW(generator.parameters(), fused=True)

    def step() -> None:
        losses = generator.loss(molecules, RandomKeys.from_seed(0, molecules.examples))
        (sum(loss.sum() for loss in losses.values()) / count).backward()
        torch.nn.utils.clip_grad_norm_(generator.parameters(), 5.0)
        optimiser.step()
        optimiser.zero_grad()

    return rate(step, count, seconds)


def sampling_rate(size: int, count: int, seconds: float, calls: int = 5) -> float:
    generator = model(size).eval()
    sampler = Renoise(SamplerSettings(steps=calls))
    rng = RandomKeys.from_seed(0, torch.arange(count))
    sizes = {"atoms": size, "bonds": size * (size - 1) // 2}

    def sample() -> None:
        sampler.sample(generator.process, generator.denoiser, sizes, rng)

    return rate(sample, count * calls, seconds)


def form_rate(form: Callable[[GraphDiffusion], State], size: int, count: int, seconds: float) -> float:
    """Molecules per second, forward and backward, of one form of the network."""
    generator = model(size).train()

    def step() -> None:
        sum(logits.square().mean() for logits in form(generator).values()).backward()
        generator.zero_grad()

    return rate(step, count, seconds)


def form_rates(size: int, count: int, seconds: float) -> tuple[float, float]:
    """Of matrix products and of message passing, on the same molecules."""
    molecules, t = batch(size, count), torch.rand(count)
    state = {"atoms": molecules.atoms, "bonds": molecules.bonds}
    arrays = zip(*(state[kind].numpy().astype(np.uint8) for kind in state), strict=True)
    graphs = Batch.from_data_list([graph_to_data(MoleculeGraph(*both)) for both in arrays])
    dense = form_rate(lambda generator: generator.denoiser.dense(state, t), size, count, seconds)
    return dense, form_rate(lambda generator: generator.denoiser.sparse(graphs, t), size, count, seconds)


def matrix_rate(seconds: float) -> float:
    a, b = torch.randn(2048, 512), torch.randn(512, 512)
    return rate(lambda: torch.mm(a, b).sum().item() and None, 2 * 2048 * 512 * 512 / 1e9, seconds)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=10.0, help="per figure")
    seconds = parser.parse_args().seconds
    keep_memory()
    print(f"{torch.get_num_threads()} threads, float32 matrix product: {matrix_rate(seconds):.0f} GFLOP/s\n")
    print("| graphs | parameters | training, molecules/s | sampling, molecules/s per call |")
    print("|---|---|---|---|")
    for name, (size, count) in CASES.items():
        parameters = sum(p.numel() for p in model(size).parameters())
        trained, sampled = training_rate(size, count, seconds), sampling_rate(size, count, seconds)
        print(f"| {name}, batch {count} | {parameters:,} | {trained:,.0f} | {sampled:,.0f} |", flush=True)
    print("\n| graphs | matrix products, molecules/s | message passing of PyG, molecules/s | ratio |")
    print("|---|---|---|---|")
    for name, (size, count) in CASES.items():
        dense, sparse = form_rates(size, count, seconds)
        print(f"| {name}, batch {count} | {dense:,.0f} | {sparse:,.0f} | {dense / sparse:.1f} |", flush=True)


if __name__ == "__main__":
    main()
