"""The MOSES suite against the original's metrics and time.

    molgen data fetch moses
    python benchmarks/evaluate.py [FILE] [--expected EXPECTED.json]    # or: make bench-evaluate

By default FILE and EXPECTED are those of ../shared/fixtures/moses: 5,000 published samples and what `molsets` 0.3.1
printed for them in 123 s on 2 cores (599 s for 25,000). To repeat the original: Python 3.8, rdkit-pypi 2022.9.5, pandas
1.5.3, numpy 1.23.5, torch 1.13.1, fcd-torch 1.0.7, `pip install --no-deps molsets==0.3.1`, then
`get_all_metrics(smiles, n_jobs=2, device="cpu", batch_size=512)`.

The first run computes and caches the reference's fingerprints; it is left out of the time. For the published samples
SNN is computed once more with the fingerprints that RDKit 2022.9.5 gave to the few molecules it has come to see
otherwise (``tests/fixtures/moses_rdkit_2022.json``).
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from molgen.evaluation import Reference, evaluate, find_reference
from molgen.evaluation.sample import examine
from molgen.evaluation.similarity import nearest_similarity

FIXTURES = Path(__file__).parents[2] / "shared" / "fixtures" / "moses"
FORMER = Path(__file__).parents[1] / "tests" / "fixtures" / "moses_rdkit_2022.json"
SPLITS = {"test": "Test", "test_scaffolds": "TestSF"}


def former_prints(prints: NDArray[np.uint64], former: dict[int, str]) -> NDArray[np.uint64]:
    """Fingerprints with some rows as they used to be."""
    prints = prints.copy()
    for row, text in former.items():
        prints[row] = np.frombuffer(bytes.fromhex(text), dtype=np.uint64)
    return prints


def former_snn(smiles: list[str], reference: Reference) -> dict[str, float]:
    """SNN with the fingerprints of RDKit 2022.9.5."""
    former = json.loads(FORMER.read_text())
    sample = examine(smiles, ["morgan"], verdicts=False)
    attempts = {int(number) - 1: old["morgan"] for number, old in former["attempts"].items()}
    rows = {int(np.searchsorted(sample.readable, number)): text for number, text in attempts.items()}
    prints = former_prints(sample.bits("morgan"), rows)
    return {
        f"SNN/{shown}": float(
            nearest_similarity(
                prints,
                former_prints(
                    reference.bits(split, "morgan"),
                    {int(row): text for row, text in former["reference_morgan"][split].items()},
                ),
            ).mean()
        )
        for split, shown in SPLITS.items()
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("file", type=Path, nargs="?", default=FIXTURES / "smiles_5k.txt")
    parser.add_argument("--expected", type=Path)
    options = parser.parse_args()
    expected_file = options.expected or (FIXTURES / "expected.json" if options.file.parent == FIXTURES else None)
    expected = {} if expected_file is None else json.loads(expected_file.read_text())
    smiles = options.file.read_text().removesuffix("\n").split("\n")
    reference = find_reference("moses")
    for split in SPLITS:
        reference.prepare(split, ["morgan"], None)
    result = evaluate(smiles, reference, "moses")
    print("| metric | here | original | difference |\n|---|---|---|---|")
    for _, metric in result.metrics():
        former = expected.get(metric.name)
        against = "| |" if former is None else f"{former:.6f} | {metric.value - former:.1e} |"
        print(f"| {metric.name} | {metric.value:.6f} | {against}")
    print(f"\n{len(smiles):,} attempts in {result.seconds:.0f} s")
    if options.file.parent == FIXTURES:
        for name, value in former_snn(smiles, reference).items():
            print(f"{name} with former fingerprints: {value:.6f}, {value - expected[name]:.1e} from the original")


if __name__ == "__main__":
    main()
