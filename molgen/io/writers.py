"""Molecules into files; the suffix decides the format."""

from __future__ import annotations

import csv
import gzip
import io
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import IO, cast

from molgen.errors import UsageError
from molgen.io.readers import format_of
from molgen.system.files import check_writable, whole_file


def check_output(path: Path, overwrite: bool = False) -> None:
    """Refuse an output before work is spent on it.

    Raises:
        UsageError: an unknown suffix, a missing folder, or a file that may not be overwritten.
    """
    if format_of(path) not in _WRITERS:
        raise UsageError(f"cannot write {path.name}: known formats are {', '.join(_WRITERS)}, each also with .gz")
    check_writable(path, overwrite)


def write_molecules(path: Path, smiles: Sequence[str], overwrite: bool = False) -> None:
    """Write molecules, whole or not at all.

    ``.smi`` has a SMILES a line; ``.csv`` and ``.parquet`` the column ``smiles``; ``.sdf`` structures with flat
    coordinates. In ``.sdf`` what RDKit cannot read becomes an empty record, so that records keep their numbers.

    Raises:
        UsageError: see `check_output`.
        MolgenError: it cannot be written.
    """
    check_output(path, overwrite)
    with whole_file(path, overwrite) as temporary, temporary.open("wb") as stream:
        if path.name.lower().endswith(".gz"):
            with gzip.GzipFile(fileobj=stream, mode="wb", filename="", mtime=0) as packed:
                _WRITERS[format_of(path)](cast(IO[bytes], packed), smiles)
        else:
            _WRITERS[format_of(path)](stream, smiles)


def _write_smi(stream: IO[bytes], smiles: Sequence[str]) -> None:
    stream.write("".join(f"{text}\n" for text in smiles).encode())


def _write_csv(stream: IO[bytes], smiles: Sequence[str]) -> None:
    text = io.TextIOWrapper(stream, encoding="utf-8", newline="")
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(["smiles"])
    writer.writerows([value] for value in smiles)
    text.flush()
    text.detach()


def _write_parquet(stream: IO[bytes], smiles: Sequence[str]) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    pq.write_table(pa.table({"smiles": pa.array(smiles, pa.string())}), stream, compression="zstd")


def _write_sdf(stream: IO[bytes], smiles: Sequence[str]) -> None:
    from rdkit import Chem
    from rdkit.Chem import rdDepictor

    text = io.StringIO()
    with Chem.SDWriter(text) as writer:
        for value in smiles:
            mol = Chem.MolFromSmiles(value) or Chem.Mol()
            rdDepictor.Compute2DCoords(mol)
            mol.SetProp("smiles", value)
            writer.write(mol)
    stream.write(text.getvalue().encode())


_WRITERS: dict[str, Callable[[IO[bytes], Sequence[str]], None]] = {
    ".smi": _write_smi,
    ".csv": _write_csv,
    ".parquet": _write_parquet,
    ".sdf": _write_sdf,
}
