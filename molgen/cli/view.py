"""`molgen view`: a picture of a file of molecules."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from molgen.cli.panels import Panels

PANELS: Panels = {
    "Molecules": ("column", "n", "sort", "descending"),
    "Picture": ("columns", "legend", "highlight"),
    "Histograms": ("properties", "reference"),
    "Output": ("out", "overwrite"),
}


def view(
    file: Annotated[Path, typer.Argument(help="SMILES: .smi, .csv, .parquet, .sdf.")],
    out: Annotated[Path, typer.Option("-o", "--out", help="Picture: .png or .svg.")],
    n: Annotated[
        int, typer.Option("-n", "--number", min=1, help="Number of molecules, the first or, with --sort, the least.")
    ] = 40,
    columns: Annotated[int, typer.Option(min=1, help="Molecules per row.")] = 8,
    column: Annotated[str | None, typer.Option(help="Column of SMILES in a table.")] = None,
    legend: Annotated[
        list[str] | None,
        typer.Option(help="Below each molecule: a column of the file or a property such as QED; may be repeated."),
    ] = None,
    sort: Annotated[str | None, typer.Option(help="Order: a column of the file or a property such as logP.")] = None,
    descending: Annotated[bool, typer.Option("--descending", help="With --sort: largest first.")] = False,
    highlight: Annotated[
        str | None, typer.Option(help="Colour atoms: SMILES or SMARTS, such as c1ccccc1, or a fragment with *.")
    ] = None,
    properties: Annotated[
        bool, typer.Option("--properties", help="Instead: histograms of logP, SA, QED and weight of all molecules.")
    ] = False,
    reference: Annotated[
        str | None, typer.Option(help="With --properties: a named set or a file to compare with.")
    ] = None,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace an existing file.")] = False,
) -> None:
    """Draw molecules, or histograms of their properties.

    What cannot be read has a cell that says why. Names of properties: molgen properties.
    """
    from molgen.cli.console import say
    from molgen.errors import UsageError
    from molgen.system.files import check_writable

    if reference is not None and not properties:
        raise UsageError("--reference goes with --properties")
    if properties and (highlight is not None or legend or sort is not None):
        raise UsageError("--highlight, --legend and --sort draw molecules: leave --properties out")
    if descending and sort is None:
        raise UsageError("--descending goes with --sort")
    check_writable(out, overwrite)
    if properties:
        say(_draw_properties(file, column, reference, out, overwrite))
        return

    from molgen.report.grid import draw_grid

    grid = draw_grid(
        file,
        out,
        n=n,
        columns=columns,
        column=column,
        legend=legend or (),
        sort=sort,
        descending=descending,
        highlighted=highlight,
        overwrite=overwrite,
    )
    left = "; the others have a cell with the reason" if grid.not_drawn else ""
    more = "; the file has more, -n draws them" if grid.more else ""
    say(f"drew {grid.drawn:,} of {grid.drawn + grid.not_drawn:,} molecules: {out}{left}{more}")


def _draw_properties(file: Path, column: str | None, reference: str | None, out: Path, overwrite: bool) -> str:
    from molgen.cli.console import say
    from molgen.datasets import SOURCES
    from molgen.datasets.splits import TEST, TRAIN
    from molgen.evaluation import find_reference
    from molgen.evaluation.columns import Numbers
    from molgen.evaluation.sample import examine
    from molgen.io import read_smiles
    from molgen.report.histograms import PROPERTIES, draw_properties

    sample = examine((text for _, text in read_smiles(file, column)), tuple(PROPERTIES), verdicts=False)
    drawn = {name: values.values for name, values in sample.columns.items() if isinstance(values, Numbers)}
    sets = {file.name: drawn}
    if reference is not None:
        beside = find_reference(reference)
        split = TEST if TEST in beside.splits else TRAIN
        shown = f"{beside.name} {split}" if reference in SOURCES else beside.name
        beside.prepare(split, PROPERTIES, None)
        for note in beside.notes:
            say(f"molgen: {note}")
        sets = {shown: {name: beside.numbers(split, name) for name in PROPERTIES}, **sets}
    draw_properties(out, sets, overwrite)
    left = sample.attempts - len(sample.readable)
    return f"drew {out}: {len(sample.readable):,} molecules" + (f"; {left:,} cannot be read" if left else "")
