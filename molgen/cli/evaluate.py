"""`molgen evaluate`: figures of a file of attempts."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer


def evaluate(
    file: Annotated[Path, typer.Argument(help="SMILES, one per attempt: .smi, .csv, .parquet, .sdf.")],
    reference: Annotated[str | None, typer.Option(help="qm9, moses or a file: for novelty and FCD.")] = None,
    column: Annotated[str | None, typer.Option(help="Column of SMILES in a table.")] = None,
    fcd: Annotated[bool, typer.Option("--fcd/--no-fcd", help="Frechet ChemNet distance to the test split.")] = True,
    out: Annotated[Path | None, typer.Option("-o", "--out", help="Also write the figures as .json.")] = None,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace an existing file.")] = False,
) -> None:
    """Score a file: validity, uniqueness, novelty, V.U., V.U.N. and FCD. See docs/design.md for definitions."""
    from molgen.cli.console import print_table
    from molgen.datasets.readers import read_smiles
    from molgen.errors import UsageError
    from molgen.files import check_writable, whole_file
    from molgen.progress import bar

    if out is not None:
        if out.suffix != ".json":
            raise UsageError(f"cannot write {out.name}: figures go into a .json")
        check_writable(out, overwrite)
    smiles = [text for _, text in read_smiles(file, column)]
    train = test = None
    if reference is not None:
        from molgen.datasets import load_dataset

        with bar(f"reading {reference}") as shown:
            dataset = load_dataset(reference, progress=lambda n: shown.update(f"{n:,} read"))
        train = dataset.smiles("train")
        test = dataset.smiles("test") if fcd and dataset.report.splits.get("test") else None

    from molgen.evaluation.evaluate import evaluate as score

    with bar(f"judging {len(smiles):,} attempts"):
        result = score(smiles, train, test)
    if out is not None:
        with whole_file(out, overwrite) as temporary:
            temporary.write_text(json.dumps(result.to_dict(), indent=1) + "\n")
    print_table(f"{file.name}, reference {reference or 'none'}", ("figure", "value"), result.rows())
