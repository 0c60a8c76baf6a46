"""`molgen report`: libraries and files of molecules as one HTML file."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from molgen.cli.panels import Panels

PANELS: Panels = {
    "What to show": ("most", "reference", "reference_column", "title", "column"),
    "Map": ("map_method",),
    "Output": ("out", "overwrite"),
    "Hardware": ("jobs",),
}


def report(
    sets: Annotated[list[Path], typer.Argument(help="Libraries, and files of molecules: .smi, .csv, .parquet, .sdf.")],
    out: Annotated[Path, typer.Option("-o", "--out", help="The report: .html.")],
    reference: Annotated[str | None, typer.Option(help="moses, qm9 or a file to compare with.")] = None,
    reference_column: Annotated[str | None, typer.Option(help="Column of SMILES in the reference.")] = None,
    most: Annotated[
        int, typer.Option("--most", min=1, help="Molecules in the report; of more a random sample.")
    ] = 10_000,
    map_method: Annotated[str, typer.Option("--map", help="pca, or tsne, which takes minutes.")] = "pca",
    title: Annotated[str | None, typer.Option(help="By default the names of the sets.")] = None,
    column: Annotated[str | None, typer.Option(help="Column of SMILES in tables that are reported.")] = None,
    jobs: Annotated[int | None, typer.Option(min=1, help="Processes; by default one per core.")] = None,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace an existing file.")] = False,
) -> None:
    """Make one HTML file of libraries or files: how they were made, metrics, map, scaffolds, a table to search.

    It opens without a network and can be mailed. Several sets are compared.
    """
    from typing import Any, cast

    from molgen.cli.console import say
    from molgen.report.html import write_report

    write_report(
        sets,
        out,
        reference=reference,
        reference_column=reference_column,
        most=most,
        map_method=cast(Any, map_method),
        title=title,
        column=column,
        jobs=jobs,
        overwrite=overwrite,
    )
    say(f"{out}: {out.stat().st_size / 1e6:.1f} MB")
