"""Against DeFoG as torch-molecule 0.2.0 ships it: same molecules, same machine, same wall-clock, one run.

    python benchmarks/vs_torch_molecule.py --data qm9 --minutes 8
    python benchmarks/vs_torch_molecule.py --data moses --minutes 8

Installs torch-molecule into an environment of its own (--env, kept for the next run), trains it on the training split,
or on --molecules of it drawn at random (it reads SMILES for minutes before training, which is not counted, and sees far
fewer than that while the time lasts), with its defaults until the time is up, and draws from it with its default of 500
calls and with 50; trains a family of molgen for the same time and draws as often. Both are scored by molgen's
evaluator, on raw graphs: the repair that torch-molecule applies to what it returns is left out, and its result with
repair is given beside it. Its atoms have no hydrogen count, so that [nH] and n are the same: of aromatic nitrogens
each may take a hydrogen, if that is what makes the rings write (`lenient`); molgen's graphs get no such help.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import subprocess
import sys
import tempfile
import time
import venv
from collections.abc import Sequence
from itertools import combinations
from pathlib import Path
from typing import Any

import pandas
from rdkit import Chem, RDLogger

import molgen
from molgen.chem.strict import strict_smiles
from molgen.comparison.scored import reference_for
from molgen.datasets.splits import TEST, TRAIN
from molgen.evaluation import Reference, evaluate
from molgen.models.generator import Generator
from molgen.training.config import read_config
from molgen.training.run import train

ROOT = Path(__file__).resolve().parents[1]
PINS = ("torch==2.13.0", "torch-molecule==0.2.0")
BONDS = (None, Chem.BondType.SINGLE, Chem.BondType.DOUBLE, Chem.BondType.TRIPLE, Chem.BondType.AROMATIC)
FIGURES = ("validity", "uniqueness", "novelty", "vun", "fcd")

RIVAL = """
import json, signal, sys, time
import torch
from torch_molecule.generator.defog import modeling_defog as module
task = json.load(open(sys.argv[1]))
torch.manual_seed(0)
class TimeUp(Exception): pass
def stop(*_): raise TimeUp
model = module.DeFoGMolecularGenerator(device="cpu")
steps = 0
adam_step = torch.optim.Adam.step
def counted(self, *args, **kwargs):
    global steps, start
    if steps == 0:
        signal.signal(signal.SIGALRM, stop)
        signal.setitimer(signal.ITIMER_REAL, 60 * task["minutes"])
        start = time.perf_counter()
    steps += 1
    return adam_step(self, *args, **kwargs)
torch.optim.Adam.step = counted
try:
    model.fit(open(task["train"]).read().split())
except TimeUp:
    model.is_fitted_ = True
seconds = time.perf_counter() - start
found = {"molecules_per_second": steps * model.batch_size / seconds, "samples": {}}
repaired = module.graph_to_smiles
for calls, number in task["samples"].items():
    model.sample_steps = int(calls)
    raw, start = [], time.perf_counter()
    module.graph_to_smiles = lambda graphs, decoder: [(a.tolist(), e.tolist()) for a, e in graphs]
    drawn = []
    while len(drawn) < number:
        drawn += model.generate(batch_size=min(task["batch"], number - len(drawn)))
    seconds = time.perf_counter() - start
    decoder = model.dataset_info["atom_decoder"]
    tensors = [(torch.tensor(a), torch.tensor(e)) for a, e in drawn]
    found["samples"][calls] = {
        "per_second": number / seconds,
        "graphs": [([decoder[i] for i in a], e) for a, e in drawn],
        "repaired": [text or "" for text in repaired(tensors, decoder)],
    }
json.dump(found, open(task["out"], "w"))
"""


def environment(path: Path) -> Path:
    """Python of an environment with the rival."""
    python = path / "bin" / "python"
    if not python.exists():
        venv.create(path, with_pip=True)
        pip = [str(python), "-I", "-m", "pip", "install", "-q", "-c", str(ROOT / "constraints.txt"), *PINS]
        subprocess.run(pip, check=True)
    return python


def draw(atoms: Sequence[str], bonds: Sequence[Sequence[int]]) -> Chem.Mol:
    """A molecule as its graph says."""
    mol = Chem.RWMol()
    aromatic = {i for i, row in enumerate(bonds) for kind in row if kind == 4}
    for number, symbol in enumerate(atoms):
        atom = Chem.Atom(symbol)
        atom.SetIsAromatic(number in aromatic)
        mol.AddAtom(atom)
    for i, j in combinations(range(len(atoms)), 2):
        kind = BONDS[bonds[i][j]]
        if kind is not None:
            mol.AddBond(i, j, kind)
    return mol.GetMol()


def lenient(mol: Chem.Mol) -> str | None:
    """Strict SMILES, where one or two aromatic nitrogens may take the hydrogen that the graph cannot state."""
    found = strict_smiles(mol)
    nitrogens = [a.GetIdx() for a in mol.GetAtoms() if a.GetSymbol() == "N" and a.GetIsAromatic()]
    for size in (1, 2):
        for chosen in combinations(nitrogens, size):
            if found is not None:
                return found
            tried = Chem.Mol(mol)
            for index in chosen:
                tried.GetAtomWithIdx(index).SetNumExplicitHs(1)
            found = strict_smiles(tried)
    return found


def rival(python: Path, smiles: Sequence[str], options: argparse.Namespace) -> dict[str, Any]:
    """What torch-molecule's DeFoG gives."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "train.smi").write_text("\n".join(smiles))
        task = {
            "train": str(folder / "train.smi"),
            "out": str(folder / "out.json"),
            "minutes": options.minutes,
            "batch": 256,
            "samples": {"50": options.attempts, "500": options.attempts_default},
        }
        (folder / "task.json").write_text(json.dumps(task))
        (folder / "rival.py").write_text(RIVAL)
        clean = {key: value for key, value in os.environ.items() if key != "PYTHONPATH"}
        command = [str(python), folder / "rival.py", folder / "task.json"]
        subprocess.run(command, check=True, env=clean, stdout=sys.stderr)  # stdout is for the table
        found: dict[str, Any] = json.loads((folder / "out.json").read_text())
        return found


def ours(options: argparse.Namespace, out: Path) -> tuple[Generator, float]:
    """A model of molgen after the same time, and its training rate."""
    settings = {"data": {"name": options.data}, "optimiser": {"minutes": options.minutes}}
    train(read_config(options.config, settings, options.family), out)
    (log,) = (out / "logs").glob("**/metrics.csv")
    rates = pandas.read_csv(log)["train/molecules_per_second"].dropna()
    return Generator.from_pretrained(out / "model"), float(rates.mean())


def line(name: str, training: float, calls: float, rate: float, smiles: Sequence[str], reference: Reference) -> str:
    found = evaluate(list(smiles), reference, only=FIGURES)
    figures = " | ".join(f"{found[figure]:.4g}" for figure in FIGURES)
    return f"| {name} | {training:.0f} | {calls:.3g} | {rate:.3g} | {len(smiles):,} | {figures} |"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", default="qm9")
    parser.add_argument("--minutes", type=float, default=8)
    parser.add_argument("--family", default="graph-any-order")
    parser.add_argument("--config", type=Path, help="TOML file with settings of molgen's run")
    parser.add_argument("--molecules", type=int, default=100_000, help="that torch-molecule is given at most")
    parser.add_argument("--attempts", type=int, default=2000, help="at 50 calls, and of molgen")
    parser.add_argument(
        "--attempts-default", type=int, default=500, help="at the 500 calls of torch-molecule's default"
    )
    parser.add_argument("--env", type=Path, default=Path(tempfile.gettempdir()) / "torch-molecule-0.2.0")
    options = parser.parse_args()
    RDLogger.DisableLog("rdApp.*")
    python = environment(options.env)
    dataset = molgen.load_dataset(options.data)
    smiles = dataset.smiles(TRAIN)
    reference = reference_for(dataset, TEST)
    print("| model | training, molecules/s | calls | attempts/s | attempts | " + " | ".join(FIGURES) + " |")
    print("|---" * (5 + len(FIGURES)) + "|", flush=True)
    with tempfile.TemporaryDirectory() as name:
        model, rate = ours(options, Path(name) / "run")
        start = time.perf_counter()
        drawn = model.attempts(options.attempts, seed=1)
        per_second = len(drawn) / (time.perf_counter() - start)
        print(line(f"molgen {options.family}", rate, drawn.calls, per_second, drawn, reference), flush=True)
    given = random.Random(0).sample(smiles, min(len(smiles), options.molecules))
    theirs = rival(python, given, options)
    for calls, sample in theirs["samples"].items():
        raw = [lenient(draw(atoms, bonds)) or "" for atoms, bonds in sample["graphs"]]
        for label, texts in (("raw", raw), ("repaired", sample["repaired"])):
            cells = (theirs["molecules_per_second"], float(calls), sample["per_second"], texts, reference)
            print(line(f"torch-molecule DeFoG, {label}", *cells), flush=True)


if __name__ == "__main__":
    sys.exit(main())
