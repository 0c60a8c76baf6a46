"""Encode and decode every molecule of a set, and count those that come back changed.

    python benchmarks/round_trip.py moses [graphs] [smiles] [selfies]

Reads the encoded set (building it where it is not cached), decodes every graph of every split and compares canonical
SMILES; and does the same with tokenizers learned from the training split, SMILES compared letter by letter, SELFIES as
canonical SMILES. Prints the counts; exits with 1 if any differs.
"""

from __future__ import annotations

import sys
from collections import Counter

from joblib import Parallel, delayed

from molgen.chem import GraphCodec, MoleculeGraph, Vocabulary
from molgen.chem.strict import strict_from_smiles, strict_smiles
from molgen.datasets import EncodedDataset, load_dataset
from molgen.datasets.splits import TRAIN
from molgen.errors import MolgenError
from molgen.text.tokenizers import MOLECULE_TOKENIZERS, TokenizerConfig, make_tokenizer


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


def mismatches(config: TokenizerConfig, texts: list[str]) -> int:
    """How many of some texts come back changed from a tokenizer; one that it cannot read counts."""
    tokenizer, wrong = make_tokenizer(config), 0
    for text in texts:
        try:
            text_again = tokenizer.decode(tokenizer.encode(text))
        except MolgenError:
            text_again = ""
        wrong += text != (strict_from_smiles(text_again) if config.kind == "selfies" else text_again)
    return wrong


def changed_texts(dataset: EncodedDataset, config: TokenizerConfig, split: str) -> int:
    texts = dataset.smiles(split)
    parts = (texts[begin : begin + 5000] for begin in range(0, len(texts), 5000))
    return sum(Parallel(n_jobs=-1)(delayed(mismatches)(config, part) for part in parts))


def main() -> None:
    name, *kinds = sys.argv[1:] or ["qm9"]
    dataset = load_dataset(name)
    print(f"{dataset.name}: {dataset.report.read:,} read, {dataset.report.kept:,} kept, {dataset.report.skipped}")
    wrong = 0
    for kind in kinds or ["graphs", "smiles"]:
        if kind == "graphs":
            found = {split: changed(dataset, split) for split in dataset.report.splits}
        else:
            config = MOLECULE_TOKENIZERS[kind].learn(dataset.smiles(TRAIN)).config
            found = {split: changed_texts(dataset, config, split) for split in dataset.report.splits}
        for split, count in dataset.report.splits.items():
            print(f"{kind}: {split}: {count:,} decoded, {found[split]:,} differ", flush=True)
        wrong += sum(found.values())
    sys.exit(wrong > 0)


if __name__ == "__main__":
    main()
