"""The MOSES suite against the original's figures and time.

    molgen data fetch moses
    python benchmarks/evaluate.py [FILE] [--expected EXPECTED.json]    # or: make bench-evaluate

By default FILE and EXPECTED are those of ../shared/fixtures/moses: 5,000 published samples and what `molsets` 0.3.1
printed for them in 123 s on 2 cores (599 s for 25,000). To repeat the original: Python 3.8, rdkit-pypi 2022.9.5, pandas
1.5.3, numpy 1.23.5, torch 1.13.1, fcd-torch 1.0.7, `pip install --no-deps molsets==0.3.1`, then
`get_all_metrics(smiles, n_jobs=2, device="cpu", batch_size=512)`.

The first run computes and caches the reference's fingerprints; it is left out of the time.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

from molgen.evaluation import evaluate, find_reference

FIXTURES = Path(__file__).parents[2] / "shared" / "fixtures" / "moses"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("file", type=Path, nargs="?", default=FIXTURES / "smiles_5k.txt")
    parser.add_argument("--expected", type=Path)
    options = parser.parse_args()
    expected_file = options.expected or (FIXTURES / "expected.json" if options.file.parent == FIXTURES else None)
    expected = {} if expected_file is None else json.loads(expected_file.read_text())
    smiles = options.file.read_text().removesuffix("\n").split("\n")
    reference = find_reference("moses")
    for split in ("test", "test_scaffolds"):
        reference.prepare(split, ["morgan"], None)
    result = evaluate(smiles, reference, "moses")
    print("| figure | here | original | difference |\n|---|---|---|---|")
    for _, figure in result.figures():
        former = expected.get(figure.name)
        against = "| |" if former is None else f"{former:.6f} | {figure.value - former:.1e} |"
        print(f"| {figure.name} | {figure.value:.6f} | {against}")
    print(f"\n{len(smiles):,} attempts in {result.seconds:.0f} s")


if __name__ == "__main__":
    main()
