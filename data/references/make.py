"""Make data/references/moses: the statistics that the authors of MOSES publish with their code, without the pickle.

    molgen data fetch moses
    python data/references/make.py molsets-0.3.1-py3-none-any.whl

The wheel (from PyPI, checked against its hash) holds, per test split, the fragments, scaffolds, properties and ChemNet
moments that the original code compares with. They are read by an unpickler that makes arrays and counters and nothing
else, and written as plain arrays. Fingerprints are left out: they are large and quickly computed.

``test.npz`` also holds the mean of the NSPDK features of the test split, as `molgen.evaluation.folded` keeps it.

``train.npz`` holds the canonical SMILES of those training molecules that today's RDKit writes otherwise than the set
does, so that novelty does not depend on the year, how often each ring system occurs in training, and hashes of the
Murcko scaffolds.
"""

from __future__ import annotations

import argparse
import io
import pickle
import struct
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
from rdkit import Chem, rdBase

from molgen.datasets import moses
from molgen.evaluation.folded import FoldedVector
from molgen.evaluation.hashed import differences
from molgen.evaluation.sample import examine
from molgen.io import read_smiles
from molgen.system.files import sha256
from molgen.system.workers import isolated_map

OUT = Path(__file__).parent / "moses"
MEMBERS = {"test": "moses/dataset/data/test_stats.npz", "test_scaffolds": "moses/dataset/data/test_scaffolds_stats.npz"}
ALLOWED = {
    ("numpy.core.multiarray", "_reconstruct"),
    ("numpy.core.multiarray", "scalar"),
    ("numpy", "ndarray"),
    ("numpy", "dtype"),
    ("collections", "Counter"),
    ("_codecs", "encode"),
}
MILLION = 1e6


class PlainUnpickler(pickle.Unpickler):
    """Makes arrays and counters only."""

    def find_class(self, module: str, name: str) -> Any:
        if (module, name) not in ALLOWED:
            raise pickle.UnpicklingError(f"unexpected {module}.{name}")
        return super().find_class(module.replace("numpy.core", "numpy._core"), name)


def statistics(wheel: zipfile.ZipFile, member: str) -> dict[str, Any]:
    raw = zipfile.ZipFile(io.BytesIO(wheel.read(member))).read("stats.npy")
    header = 10 + struct.unpack("<H", raw[8:10])[0]
    return PlainUnpickler(io.BytesIO(raw[header:]), encoding="latin1").load().item()


def sorted_millionths(values: list[float]) -> np.ndarray:
    """Sorted values as differences of millionths: small numbers, which compress."""
    whole = np.rint(np.sort(np.array(values)) * MILLION).astype(np.int64)
    return np.diff(whole, prepend=0).astype(np.int32)


def words(counts: dict[str, int]) -> tuple[np.ndarray, np.ndarray]:
    names = sorted(counts)
    text = np.frombuffer("\n".join(names).encode(), dtype=np.uint8)
    return text, np.array([counts[name] for name in names], dtype=np.int32)


def rewritten(smiles: str) -> str:
    rdBase.DisableLog("rdApp.*")
    return Chem.MolToSmiles(Chem.MolFromSmiles(Chem.MolToSmiles(Chem.MolFromSmiles(smiles))))


def neighbourhoods(jobs: int | None) -> FoldedVector:
    test = [text for _, text in read_smiles(moses.split_path("test"), "SMILES")]
    sample = examine(test, ["neighbourhoods"], verdicts=False, jobs=jobs)
    return FoldedVector.of(sample.mean("neighbourhoods"))


def write_test_splits(path: Path, jobs: int | None) -> None:
    OUT.mkdir(exist_ok=True)
    with zipfile.ZipFile(path) as wheel:
        for split, member in MEMBERS.items():
            found = statistics(wheel, member)
            arrays = {
                "mean": found["FCD"]["mu"],
                "covariance": found["FCD"]["sigma"][np.triu_indices(512)].astype(np.float32),
            }
            arrays["fragments"], arrays["fragments_counts"] = words(found["Frag"]["frag"])
            arrays["moses_scaffold"], arrays["moses_scaffold_counts"] = words(found["Scaf"]["scaf"])
            if split == "test":  # the original compares properties with this split only
                arrays |= {name: sorted_millionths(found[name]["values"]) for name in ("logP", "SA", "QED", "weight")}
                arrays |= neighbourhoods(jobs).arrays("neighbourhoods")
            np.savez_compressed(OUT / f"{split}.npz", **arrays)


def write_train_split(jobs: int | None) -> None:
    train = [text for _, text in read_smiles(moses.split_path("train"), "SMILES")]
    arrays = {}
    sample = examine(train, ["ring_systems", "scaffold"], verdicts=False, jobs=jobs)
    rings, scaffolds = (sample.words(name).counts() for name in ("ring_systems", "scaffold"))
    arrays["scaffold_hashes"] = differences(scaffolds).astype(np.uint32)
    arrays["ring_systems"], arrays["ring_systems_counts"] = words(rings)
    others = [new for old, new in zip(train, isolated_map(rewritten, train, jobs=jobs), strict=True) if new != old]
    arrays["rewritten"] = np.frombuffer("\n".join(others).encode(), dtype=np.uint8)
    np.savez_compressed(OUT / "train.npz", **arrays)
    print(f"{len(others):,} of {len(train):,} training molecules are written otherwise today")
    print(f"{len(rings):,} ring systems, {len(scaffolds):,} scaffolds")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("wheel", type=Path)
    parser.add_argument("--jobs", type=int)
    options = parser.parse_args()
    if sha256(options.wheel) != moses.FILES.wheels[0].sha256:
        raise SystemExit(f"{options.wheel} is not the wheel of {moses.FILES.wheels[0].requirement}")
    write_test_splits(options.wheel, options.jobs)
    write_train_split(options.jobs)


if __name__ == "__main__":
    main()
