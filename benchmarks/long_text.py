"""Does a stream stay good beyond the length of its training? Molecules, one a line, written on and on.

    python benchmarks/long_text.py lines qm9 train.smi                    # training molecules, one a line
    molgen train stream --data train.smi --out runs/stream --config stream.toml
    python benchmarks/long_text.py write runs/stream/model --windows 32

Of every line that was written whole: is it a molecule (strict validity), and how many different ones are there; by how
many windows of training stand before it in its text.
"""

from __future__ import annotations

import argparse
import random
from pathlib import Path

from molgen.chem.strict import strict_from_smiles
from molgen.datasets import load_dataset
from molgen.datasets.splits import TRAIN
from molgen.dialogue import BlockDiffusion


def lines(data: str, out: Path) -> None:
    """Write the training molecules of a data set, one a line, in a random order: all windows are alike."""
    molecules = load_dataset(data).smiles(TRAIN)
    random.Random(0).shuffle(molecules)
    out.write_text("".join(f"{text}\n" for text in molecules))


def write(directory: Path, windows: int, texts: int) -> None:
    """Go on for many windows, and print a table by place in the text."""
    model = BlockDiffusion.from_pretrained(directory).eval()
    length = model.config.window
    if length is None:
        raise SystemExit(f"{directory} is no model of a stream")
    found = model.go_on("\n", windows * length, texts)
    bounds = [2**k for k in range(windows.bit_length())]
    valid: dict[int, list[str | None]] = {bound: [] for bound in bounds}
    for text in found:
        place, size = 0, len(text) / windows
        for line in text.split("\n")[:-1]:
            place += len(line) + 1
            bound = next((b for b in bounds if place <= b * size), bounds[-1])
            valid[bound].append(strict_from_smiles(line))
    print("| windows before | lines | strict validity | different of the valid |\n|---|---|---|---|")
    for low, (bound, molecules) in zip([0, *bounds], valid.items(), strict=False):
        good = [molecule for molecule in molecules if molecule]
        shares = f"{len(good) / len(molecules):.4f} | {len(set(good)) / len(good):.4f}"
        print(f"| {low}-{bound} | {len(molecules):,} | {shares} |")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(required=True, dest="command")
    make = commands.add_parser("lines")
    make.add_argument("data")
    make.add_argument("out", type=Path)
    measure = commands.add_parser("write")
    measure.add_argument("directory", type=Path)
    measure.add_argument("--windows", type=int, default=32)
    measure.add_argument("--texts", type=int, default=64)
    options = parser.parse_args()
    if options.command == "lines":
        lines(options.data, options.out)
    else:
        write(options.directory, options.windows, options.texts)


if __name__ == "__main__":
    main()
