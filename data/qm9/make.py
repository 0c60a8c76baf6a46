"""Make `qm9.parquet` from the PyPI wheel qm9pack 1.0.3.

    python data/qm9/make.py

pip downloads the wheel (104 MB) against its hash into a temporary folder; nothing of it is installed or imported.
Rows keep QM9's order; SMILES are RDKit-canonical without stereo, one row per QM9 entry.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

import pandas
import rdkit

from molgen.chem import canonical_smiles
from molgen.system.files import sha256, whole_file

WHEEL = "qm9pack==1.0.3 --hash=sha256:1d88c2988007c6778e717ee3224cf511bd60e10732ebe3b7ed500ea5af05c9f0"
PARTS = ("qm9pack/data/qm9_part1.csv", "qm9pack/data/qm9_part2.csv", "qm9pack/data/qm9_part3.csv")
COLUMNS = {
    "Index": "index",
    "SMILES": "smiles",
    "HOMO_LUMO_gap_au": "gap",
    "HOMO_au": "homo",
    "LUMO_au": "lumo",
    "Dipole_debye": "dipole",
}


def main() -> None:
    target = Path(__file__).with_name("qm9.parquet")
    with tempfile.TemporaryDirectory() as scratch:
        requirements = Path(scratch, "requirements.txt")
        requirements.write_text(WHEEL + "\n")
        pip = [sys.executable, "-I", "-m", "pip", "download", "--no-deps", "--require-hashes", "--dest", scratch]
        subprocess.run([*pip, "-r", str(requirements)], check=True)
        with zipfile.ZipFile(next(Path(scratch).glob("*.whl"))) as wheel:
            parts = [pandas.read_csv(wheel.open(part), usecols=list(COLUMNS)) for part in PARTS]
    frame = pandas.concat(parts)[list(COLUMNS)].rename(columns=COLUMNS)
    frame["smiles"] = [canonical_smiles(smiles) for smiles in frame["smiles"]]
    frame = frame.astype(
        {"index": "int32", "gap": "float32", "homo": "float32", "lumo": "float32", "dipole": "float32"}
    )
    with whole_file(target) as temporary:
        frame.to_parquet(temporary, compression="zstd", index=False)
    print(f"{len(frame)} rows, {target.stat().st_size} bytes, sha256 {sha256(target)}, rdkit {rdkit.__version__}")


if __name__ == "__main__":
    main()
