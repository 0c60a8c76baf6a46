"""Molecules around given fragments: the benchmark of SAFE-GPT (Noutahi et al., 2024) and GenMol (Lee et al., 2025).

    python benchmarks/fragments.py TASKS.csv [--model MODEL] [--samples 100] [--seeds 0 1 2] [--guard] [--ask]

TASKS.csv has a column ``name``, a column ``smiles`` with a drug, and a column for each task with the fragments of the
drug to be completed; the ten drugs of the benchmark are in tests/fixtures/fragments/ten_drugs.csv. Printed are means
over drugs, then over seeds:

- validity: samples that decode and contain the fragment with its attachment points used as marked, of all;
- uniqueness: different molecules, of those;
- quality: different molecules with QED of at least 0.6 and SA of at most 4, of all;
- diversity: mean Tanimoto distance between the different molecules (Morgan radius 2, 1024 bits);
- distance: their mean Tanimoto distance to the drug.

GenMol divides by what is left after its filter for substructures; here every sample counts. `drugs-graph` draws a
sample that lacks a fragment again, at most seven times, and with ``--guard`` an invalid one too. With ``--ask`` QED and
SA are asked for as conditions.
"""

from __future__ import annotations

import argparse
import csv
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
from rdkit import Chem, DataStructs
from rdkit.Chem import rdFingerprintGenerator

import molgen
from molgen.chem.strict import strict_from_smiles
from molgen.constraints.fragment import Fragment, parse_fragment
from molgen.evaluation.suites.medchem import LEAST_QED, MOST_SA
from molgen.features.named_properties import property_values
from molgen.models.generator import Generator

METRICS = ("validity", "uniqueness", "quality", "diversity", "distance")
ASKED = {"QED": (LEAST_QED, None), "SA": (None, MOST_SA)}

morgan = rdFingerprintGenerator.GetMorganGenerator(radius=2, fpSize=1024)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("tasks", type=Path)
    parser.add_argument("--model", default="drugs-graph")
    parser.add_argument("--samples", type=int, default=100, help="of each drug and task")
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    parser.add_argument("--guard", action="store_true")
    parser.add_argument("--ask", action="store_true", help="for QED of at least 0.6 and SA of at most 4")
    arguments = parser.parse_args()
    model = molgen.load(arguments.model)
    with arguments.tasks.open(newline="") as file:
        drugs = list(csv.DictReader(file))
    print("task", *METRICS, "samples/s", sep="\t")
    for task in [column for column in drugs[0] if column not in ("name", "smiles")]:
        started = time.perf_counter()
        rows = [
            np.mean([measured(model, drug, task, seed, arguments) for drug in drugs], axis=0)
            for seed in arguments.seeds
        ]
        rate = len(rows) * len(drugs) * arguments.samples / (time.perf_counter() - started)
        deviations = np.std(rows, axis=0)
        figures = (f"{mean:.3f}±{spread:.3f}" for mean, spread in zip(np.mean(rows, axis=0), deviations, strict=True))
        print(task, *figures, f"{rate:.0f}", sep="\t", flush=True)


def measured(
    model: Generator, drug: dict[str, str], task: str, seed: int, arguments: argparse.Namespace
) -> tuple[float, ...]:
    """The metrics of one drug, in the order of `METRICS`."""
    attempts = model.attempts(
        arguments.samples,
        seed=seed,
        fragment=drug[task],
        properties=ASKED if arguments.ask else None,
        valence_guard=arguments.guard,
    )
    return metrics(list(attempts), parse_fragment(drug[task]), drug["smiles"])


def metrics(attempts: Sequence[str | None], fragment: Fragment, drug: str) -> tuple[float, ...]:
    """The metrics of attempts for one fragment, in the order of `METRICS`.

    Diversity and distance are 0 where no attempt counts, as in the published code.
    """
    valid = list(containing(attempts, fragment))
    different = [Chem.MolFromSmiles(smiles) for smiles in dict.fromkeys(valid)]
    values = (property_values(mol, ["QED", "SA"]) for mol in different)
    good = [qed >= LEAST_QED and sa <= MOST_SA for qed, sa in values]
    prints = [morgan.GetFingerprint(mol) for mol in different]
    of_drug = morgan.GetFingerprint(Chem.MolFromSmiles(drug))
    pairs = distances(prints)
    far = DataStructs.BulkTanimotoSimilarity(of_drug, prints, returnDistance=True)
    return (
        len(valid) / len(attempts),
        len(different) / max(len(valid), 1),
        sum(good) / len(attempts),
        float(np.mean(pairs)) if pairs else 0.0,
        float(np.mean(far)) if far else 0.0,
    )


def distances(prints: Sequence[DataStructs.ExplicitBitVect]) -> list[float]:
    """Tanimoto distances of all pairs of fingerprints."""
    return [
        distance
        for row, own in enumerate(prints)
        for distance in DataStructs.BulkTanimotoSimilarity(own, prints[:row], returnDistance=True)
    ]


def containing(attempts: Sequence[str | None], fragment: Fragment) -> Iterator[str]:
    """Canonical SMILES of the attempts that are valid and contain the fragment."""
    for text in attempts:
        smiles = strict_from_smiles(text) if text else None
        if smiles is not None and fragment.contained_in(smiles):
            yield smiles


if __name__ == "__main__":
    main()
