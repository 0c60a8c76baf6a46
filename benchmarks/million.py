"""A million SMILES: time and memory of validity, uniqueness, novelty, internal diversity and alerts.

    molgen data fetch moses
    python benchmarks/million.py [--count 1000000] [--jobs 2]

The molecules are the first of MOSES's training split, every fiftieth cut short so that some are broken. Memory is the
largest sum over all processes of the proportional set size, which counts a page shared by two processes once.
"""

from __future__ import annotations

import argparse
import sys
import threading
from collections.abc import Iterator
from itertools import islice

import psutil

from molgen.datasets import moses
from molgen.evaluation import evaluate
from molgen.io import read_smiles

FIGURES = ("validity", "uniqueness", "novelty", "vun", "IntDiv", "IntDiv2", "alerts_any")
INTERVAL = 2.0


class Memory(threading.Thread):
    """Watches this process and its children."""

    def __init__(self) -> None:
        super().__init__(daemon=True)
        self.peak = 0

    def run(self) -> None:
        me = psutil.Process()
        while True:
            total = 0
            for process in (me, *me.children(recursive=True)):
                try:
                    total += process.memory_full_info().pss
                except psutil.NoSuchProcess:
                    continue  # a worker has just been replaced
            self.peak = max(self.peak, total)
            threading.Event().wait(INTERVAL)


def attempts(count: int) -> Iterator[str]:
    found = (text for _, text in read_smiles(moses.split_path("train"), "SMILES"))
    for number, text in enumerate(islice(found, count)):
        yield text[:-1] if number % 50 == 0 else text


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--count", type=int, default=1_000_000)
    parser.add_argument("--jobs", type=int)
    options = parser.parse_args()
    memory = Memory()
    memory.start()
    result = evaluate(
        attempts(options.count),
        "moses",
        ("graph", "moses", "medchem"),
        only=FIGURES,
        jobs=options.jobs,
        progress=lambda label, n: print(f"\r{label} {n:,}   ", end="", file=sys.stderr, flush=True),
    )
    print(f"\n\n{result}\n")
    print(f"{result.attempts:,} attempts in {result.seconds:.0f} s, at most {memory.peak / 1e9:.2f} GB")


if __name__ == "__main__":
    main()
