"""QM9, as it ships with the package. `data/qm9/make.py` made the file."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from molgen.datasets.encoding import Record
from molgen.io import read_smiles
from molgen.system.files import sha256
from molgen.system.shipped import shipped_path

if TYPE_CHECKING:
    import pandas

QM9_FILE = shipped_path("qm9", "qm9.parquet")

PROPERTIES = {
    "gap": "HOMO-LUMO gap, hartree",
    "homo": "energy of the highest occupied orbital, hartree",
    "lumo": "energy of the lowest unoccupied orbital, hartree",
    "dipole": "dipole moment, debye",
}


def fingerprint() -> str:
    """SHA-256 of the shipped file."""
    return sha256(QM9_FILE)


def records() -> Iterator[Record]:
    """Number, SMILES; QM9 has no official split."""
    return (Record(number, smiles) for number, smiles in read_smiles(QM9_FILE))


def properties() -> pandas.DataFrame:
    """All of QM9: ``smiles`` and the columns of `PROPERTIES`, indexed by QM9's own number."""
    import pandas

    return pandas.read_parquet(QM9_FILE).set_index("index")
