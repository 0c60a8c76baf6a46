"""Make data/references/qm9: ChemNet moments and the mean of NSPDK features of the test split of QM9.

python data/references/make_qm9.py
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from molgen.datasets import load_dataset
from molgen.datasets.splits import TEST
from molgen.evaluation.fcd import activations, moments
from molgen.evaluation.folded import FoldedVector
from molgen.evaluation.hashed import digest_of
from molgen.evaluation.sample import examine

OUT = Path(__file__).parent / "qm9"


def main() -> None:
    smiles = load_dataset("qm9").smiles(TEST)
    chemnet = moments(activations(smiles))
    mean = examine(smiles, ["neighbourhoods"], verdicts=False).mean("neighbourhoods")
    arrays = {
        "digest": np.array(digest_of(smiles)),
        "mean": chemnet.mean,
        "covariance": chemnet.covariance[np.triu_indices(512)].astype(np.float32),
    }
    arrays |= FoldedVector.of(mean).arrays("neighbourhoods")
    OUT.mkdir(exist_ok=True)
    np.savez_compressed(OUT / f"{TEST}.npz", **arrays)


if __name__ == "__main__":
    main()
