"""`molgen likelihood`: how likely given molecules are under a model."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from molgen.system.shipped import DEFAULT_MODEL


def likelihood(
    file: Annotated[
        str, typer.Argument(help="Molecules: .smi .csv .parquet .sdf, - for standard input; or a named set.")
    ],
    model: Annotated[str, typer.Option(help="A shipped model or a model directory.")] = DEFAULT_MODEL,
    out: Annotated[
        Path | None, typer.Option("-o", "--out", help=".csv, .tsv, .parquet or .sdf; else a .csv on stdout.")
    ] = None,
    column: Annotated[str | None, typer.Option(help="Column of SMILES in a table.")] = None,
    desalt: Annotated[
        bool, typer.Option("--desalt", help="Of salts and mixtures, keep the largest organic component.")
    ] = False,
    draws: Annotated[
        int | None, typer.Option(min=1, help="Draws behind each value of a model that gives no exact one; default 16.")
    ] = None,
    batch_size: Annotated[int, typer.Option(min=1, help="Molecules per network call.")] = 128,
    device: Annotated[str, typer.Option(help="cpu, cuda, ...")] = "cpu",
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace an existing file.")] = False,
) -> None:
    """Negative log-likelihood of molecules under a model, nats: the lower, the more like what it generates.

    One row per record; those that do not fit the model have no value and the reason. It is exact for autoregressive
    models, and an upper bound for the others.

    Example: molgen likelihood actives.smi --model runs/mine/model -o likelihood.csv
    """
    from molgen.cli.console import say
    from molgen.cli.options import to_device
    from molgen.errors import UsageError
    from molgen.io import check_output, holds_columns

    if out is not None:
        check_output(out, overwrite)
        if not holds_columns(out):
            raise UsageError(f"{out.name} has no place for values: take .csv, .tsv, .parquet or .sdf")

    from molgen.io.table import Writer
    from molgen.models.generator import Generator
    from molgen.models.likelihood import DRAWS

    generator = to_device(Generator.from_pretrained(model), device)
    found = generator.nll(file, column=column, desalt=desalt, draws=draws or DRAWS, batch_size=batch_size)
    say("\n".join([str(found), *found.examples()]))
    if out is not None:
        found.save(out, overwrite)
    else:
        columns = found.table()
        Writer(sys.stdout.buffer, ",").write(columns.pop("smiles"), columns)
        sys.stdout.buffer.flush()
