"""`molgen score`: what each molecule of a file is worth by a score."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer


def score(
    file: Annotated[Path, typer.Argument(help="Molecules: .smi .csv .parquet .sdf, - for standard input.")],
    by: Annotated[
        str, typer.Option("--score", help="score.toml, or a task of a benchmark such as guacamol/osimertinib_mpo.")
    ],
    out: Annotated[
        Path | None, typer.Option("-o", "--out", help=".csv, .tsv, .parquet or .sdf; else a .csv on stdout.")
    ] = None,
    column: Annotated[str | None, typer.Option(help="Column of SMILES in a table.")] = None,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace an existing file.")] = False,
) -> None:
    """Score molecules: the total, and every term with what it is mapped to.

    One row per record; a molecule that occurs again is scored once.

    Example: molgen score molecules.csv --score score.toml -o scored.csv
    """
    from molgen.cli.console import say
    from molgen.errors import UsageError
    from molgen.io import check_output, holds_columns, read_smiles, write_molecules
    from molgen.io.table import Writer
    from molgen.scoring.benchmarks import find_score
    from molgen.scoring.file import score_records

    if out is not None:
        check_output(out, overwrite)
        if not holds_columns(out):
            raise UsageError(f"{out.name} has no place for values: take .csv, .tsv, .parquet or .sdf")
    scored = score_records([text for _, text in read_smiles(file, column)], find_score(by))
    say(str(scored))
    if out is not None:
        write_molecules(out, scored.smiles, overwrite, scored.columns)
    else:
        Writer(sys.stdout.buffer, ",").write(scored.smiles, scored.columns)
        sys.stdout.buffer.flush()
