"""`molgen fit`: a QSAR model from measured activities."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def fit(
    file: Annotated[Path, typer.Argument(help="Table of molecules and activities: .csv .tsv .parquet .sdf.")],
    column: Annotated[str, typer.Option(help="Column of the activities.")],
    out: Annotated[Path, typer.Option(help="Folder of the model, new.")],
    smiles: Annotated[str | None, typer.Option(help="Column of SMILES.")] = None,
    estimator: Annotated[
        str, typer.Option(help="random-forest, gradient-boosting or gaussian-process.")
    ] = "random-forest",
    threshold: Annotated[float | None, typer.Option(help="Classify instead: values from it on are active.")] = None,
    concentration: Annotated[
        str | None,
        typer.Option(help="Values are concentrations in M, mM, uM, nM or pM: take the negative log10 of mol/l."),
    ] = None,
    tolerance: Annotated[
        float, typer.Option(min=0, help="Leave out molecules with several values that differ by more.")
    ] = 0.5,
    folds: Annotated[int, typer.Option(min=2, help="Of the cross-validation.")] = 5,
    seed: Annotated[int, typer.Option(min=0, help="Of the estimator.")] = 0,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace an existing folder.")] = False,
) -> None:
    """Fit a QSAR model, and say by cross-validation over scaffolds how good it is.

    The folder holds data and settings alone, cross_validation.csv and .png; the model is fitted again when it is used.

    Example: molgen fit activity.csv --column pIC50 --out qsar
    """
    from molgen.cli.console import print_table, say
    from molgen.errors import UsageError
    from molgen.io import write_molecules
    from molgen.report.qsar import draw_validation
    from molgen.scoring.qsar import QsarModel, QsarSettings, cross_validate, read_activity
    from molgen.scoring.qsar.model import SETTINGS_FILE
    from molgen.scoring.qsar.pipelines import ESTIMATOR_NAMES
    from molgen.system.files import check_replaceable
    from molgen.system.progress import bar

    check_replaceable(out, overwrite, SETTINGS_FILE)
    if estimator not in ESTIMATOR_NAMES:
        raise UsageError(f"there is no estimator {estimator!r}; there are {', '.join(ESTIMATOR_NAMES)}")
    data = read_activity(file, column, smiles_column=smiles, concentration=concentration, tolerance=tolerance)
    say("\n".join([str(data), *(f"molgen: {note}" for note in data.notes)]))
    settings = QsarSettings(
        estimator=estimator, threshold=threshold, seed=seed, column=column, concentration=concentration
    )
    with bar("cross-validation"):
        found = cross_validate(data, settings, folds)
    model = QsarModel(data, settings)
    model.save(out, overwrite)
    columns = {name: getattr(found, name).tolist() for name in ("measured", "predicted", "similarity", "fold")}
    write_molecules(out / "cross_validation.csv", found.smiles, columns=columns)
    draw_validation(out / "cross_validation.png", found)
    table = found.table()
    names = list(table[0][1])
    rows = [
        [name, *(f"{row[key]:,.0f}" if key == "molecules" else f"{row[key]:.3f}" for key in names)]
        for name, row in table
    ]
    print_table(f"{settings.label}: {estimator}, left out by scaffold", ["", *names], rows)
    if data.raw:
        say(f"written: {out}; no term of a score is shown: of a concentration the less is the better")
    else:
        say(f"written: {out}; as terms of a score, where more is better:\n{model.as_term(out)}")
