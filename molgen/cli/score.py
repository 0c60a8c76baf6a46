"""`molgen score`: what each molecule of a file is worth by a score."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from contextlib import redirect_stdout
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

    One row per record, with the columns of the file in front; a molecule that occurs again is scored once.

    Example: molgen score molecules.csv --score score.toml -o scored.csv
    """
    from molgen.cli.console import said_warnings, say
    from molgen.errors import UsageError
    from molgen.io import beside, check_output, holds_columns, other_columns, read_rows, write_molecules
    from molgen.io.table import Writer
    from molgen.scoring.benchmarks import load_score
    from molgen.scoring.file import score_records

    if out is not None:
        check_output(out, overwrite)
        if not holds_columns(out):
            raise UsageError(f"{out.name} has no place for values: take .csv, .tsv, .parquet or .sdf")
    with said_warnings(), redirect_stdout(sys.stderr):  # stdout is for the table, not for what a function prints
        score = load_score(by)
        rows = list(read_rows(file, column, values=True))
        scored = score_records([row.smiles for row in rows], score)
    say(str(scored))
    columns: dict[str, Sequence[object]] = {"smiles": scored.smiles}
    for more in (other_columns(rows, column), scored.columns):
        columns = beside(columns, more)
    del columns["smiles"]
    if out is not None:
        write_molecules(out, scored.smiles, overwrite, columns)
    else:
        Writer(sys.stdout.buffer, ",").write(scored.smiles, columns)
        sys.stdout.buffer.flush()
