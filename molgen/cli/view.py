"""`molgen view`: a picture of a file of molecules."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def view(
    file: Annotated[Path, typer.Argument(help="SMILES: .smi, .csv, .parquet, .sdf.")],
    out: Annotated[Path, typer.Option("-o", "--out", help="Picture: .png or .svg.")],
    n: Annotated[int, typer.Option("-n", "--number", min=1, help="How many, from the first.")] = 40,
    columns: Annotated[int, typer.Option(min=1, help="Molecules per row.")] = 8,
    column: Annotated[str | None, typer.Option(help="Column of SMILES in a table.")] = None,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace an existing file.")] = False,
) -> None:
    """Draw molecules as a grid."""
    from itertools import islice

    from molgen.cli.console import say
    from molgen.datasets.readers import read_smiles
    from molgen.files import check_writable

    check_writable(out, overwrite)
    smiles = [text for _, text in islice(read_smiles(file, column), n)]

    from molgen.report.grid import draw_grid

    drawn = draw_grid(out, smiles, columns, overwrite)
    say(f"drew {drawn} of {len(smiles)} molecules: {out}")
