"""Encode and decode every molecule of a set, and count those that come back changed.

    python benchmarks/round_trip.py moses

Reads the encoded set (building it where it is not cached), decodes every graph of every split, and compares canonical
SMILES. Prints the counts; exits with 1 if any differs.
"""

from __future__ import annotations

import sys
from collections import Counter

from joblib import Parallel, delayed

from molgen.chem import GraphCodec, MoleculeGraph, Vocabulary
from molgen.chem.strict import strict_smiles
from molgen.datasets import EncodedDataset, load_dataset


def decode(vocabulary: Vocabulary, atoms: list[bytes], bonds: list[bytes]) -> list[str | None]:
    import numpy as np

    codec = GraphCodec(vocabulary)
    graphs = zip(atoms, bonds, strict=True)
    return [
        strict_smiles(codec.decode(MoleculeGraph(np.frombuffer(a, np.uint8), np.frombuffer(b, np.uint8))))
        for a, b in graphs
    ]


def changed(dataset: EncodedDataset, split: str) -> int:
    calls = []
    for size in dataset.sizes(split):
        atoms, bonds = dataset.arrays(split, size)
        for begin in range(0, len(atoms), 5000):
            part = slice(begin, begin + 5000)
            calls.append(([row.tobytes() for row in atoms[part]], [row.tobytes() for row in bonds[part]]))
    decoded = Parallel(n_jobs=-1)(delayed(decode)(dataset.vocabulary, *call) for call in calls)
    wanted = Counter(dataset.smiles(split))
    wanted.subtract(smiles for part in decoded for smiles in part)
    return sum(abs(count) for count in wanted.values())


def main() -> None:
    dataset = load_dataset(sys.argv[1] if len(sys.argv) > 1 else "qm9")
    print(f"{dataset.name}: {dataset.report.read:,} read, {dataset.report.kept:,} kept, {dataset.report.skipped}")
    wrong = {split: changed(dataset, split) for split in dataset.report.splits}
    for split, count in dataset.report.splits.items():
        print(f"{split}: {count:,} graphs decoded, {wrong[split]:,} differ")
    sys.exit(any(wrong.values()))


if __name__ == "__main__":
    main()
