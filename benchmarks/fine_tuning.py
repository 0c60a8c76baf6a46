"""Fine-tuning on a chemotype: how often the tuned model generates it, and how much of it is new.

The molecules are aryl piperazines among the training molecules of MOSES (`molgen data fetch moses`).

    python benchmarks/fine_tuning.py --molecules 600 --steps 120 --out runs/piperazines
"""

from __future__ import annotations

import argparse
import random
import time
from pathlib import Path

from rdkit import Chem

import molgen
from molgen.datasets import moses
from molgen.models.generator import Generator

CHEMOTYPE = "c[NX3]1[CH2][CH2][NX3][CH2][CH2]1"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", default="moses-graph")
    parser.add_argument("--molecules", type=int, default=600)
    parser.add_argument("--steps", type=int, default=120)
    parser.add_argument("--attempts", type=int, default=500)
    parser.add_argument("--out", type=Path, required=True, help="folder of the run, new")
    arguments = parser.parse_args()
    pattern = Chem.MolFromSmarts(CHEMOTYPE)
    chosen = examples(pattern, arguments.molecules)
    before = molgen.load(arguments.model)
    started = time.process_time()
    after = before.fine_tune(chosen, arguments.out, steps=arguments.steps)
    print(f"fine-tuned on {len(chosen)} molecules in {time.process_time() - started:.0f} s of processor time")
    known = set((arguments.out / "molecules.smi").read_text().split())
    for name, model in {"before": before, "after": after}.items():
        for guard in (True, False) if "valence_guard" in model.settings else (None,):
            described = "" if guard is None else f", valence guard {'on' if guard else 'off'}"
            print(f"{name}{described}: {measured(model, pattern, known, arguments.attempts, guard)}")


def examples(pattern: Chem.Mol, count: int) -> list[str]:
    """Random training molecules of MOSES that contain a pattern."""
    rows = [record.smiles for record in moses.records(["train"])]
    random.Random(0).shuffle(rows)
    found: list[str] = []
    for smiles in rows:
        if len(found) == count:
            break
        if Chem.MolFromSmiles(smiles).HasSubstructMatch(pattern):
            found.append(smiles)
    return found


def measured(model: Generator, pattern: Chem.Mol, known: set[str], count: int, guard: bool | None) -> str:
    """Shares among attempts at temperature 1 for atoms."""
    temperature = None if "tokens" in model.variables else {"atoms": 1.0}
    attempts = model.attempts(count, seed=1, valence_guard=guard, temperature=temperature)
    mols = [Chem.MolFromSmiles(smiles) for smiles in attempts if "." not in smiles]
    valid = [mol for mol in mols if mol is not None]
    hits = [Chem.MolToSmiles(mol) for mol in valid if mol.HasSubstructMatch(pattern)]
    new = sum(smiles not in known for smiles in hits)
    return (
        f"valid {len(valid) / count:.3f}  of the chemotype {len(hits) / count:.3f}  "
        f"new among these {new / max(1, len(hits)):.3f}  different among these {len(set(hits)) / max(1, len(hits)):.3f}"
    )


if __name__ == "__main__":
    main()
