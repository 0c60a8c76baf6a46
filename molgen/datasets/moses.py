"""The MOSES benchmark set: three official splits, fetched on request from the wheel its authors published."""

from __future__ import annotations

import gzip
from collections.abc import Iterator, Sequence
from pathlib import Path

from molgen.datasets.encoding import Record
from molgen.datasets.wheels import Wheel, WheelFiles
from molgen.errors import MolgenError
from molgen.io import read_smiles

FILES = WheelFiles(
    "moses",
    (
        Wheel(
            "molsets==0.3.1",
            "7f4450e3ebecebe79c3a2a55950c93daddee071120daf64a163d03481e811d34",
            {
                "moses/dataset/data/train.csv.gz": "786f0313aa6b9ba5514df685f885742a70ea8d86f1a4fa48115f7f80a634265c",
                "moses/dataset/data/test.csv.gz": "f896fbf3764f88d94670b9959e5872c600c12152a18233823e820761b7a791b2",
                "moses/dataset/data/test_scaffolds.csv.gz": (
                    "adffb2192c1bfe31ab0e13154d4af19a37dc18bdbf3cd7b4491e04405128adde"
                ),
            },
        ),
    ),
)
SPLITS = ("train", "test", "test_scaffolds")


def records(splits: Sequence[str] = SPLITS) -> Iterator[Record]:
    """The molecules of some official splits; lines are those of the split's file.

    Raises:
        MolgenError: the set has not been fetched.
    """
    for split in splits:
        path = split_path(split)
        try:
            for line, smiles in read_smiles(path, "SMILES"):
                yield Record(line, smiles, split)
        except gzip.BadGzipFile:
            raise MolgenError(f"{path} is damaged; run: molgen data fetch moses") from None


def split_path(split: str) -> Path:
    """File of one official split.

    Raises:
        MolgenError: the set has not been fetched.
    """
    return FILES.path(f"{split}.csv.gz")
