"""`molgen evaluate`: metrics of files of attempts."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from molgen.cli.panels import Panels

if TYPE_CHECKING:
    from molgen.evaluation import Evaluation

_FORMATS = (".json", ".csv", ".md")
_TABLES = (".csv", ".parquet")

PANELS: Panels = {
    "Metrics": ("suite", "only"),
    "Reference": ("reference", "reference_test", "reference_column"),
    "Reading": ("column", "desalt"),
    "Output": ("out", "flags", "overwrite"),
    "Hardware": ("jobs", "time_limit"),
}


def evaluate(
    files: Annotated[list[Path], typer.Argument(help="SMILES, one per attempt: .smi, .csv, .parquet, .sdf.")],
    reference: Annotated[str | None, typer.Option(help="qm9, moses or a file, for novelty and distances.")] = None,
    suite: Annotated[
        list[str] | None, typer.Option(help="moses, guacamol, graph (default), medchem or all; may be repeated.")
    ] = None,
    only: Annotated[str | None, typer.Option(help="Metrics to compute, separated by commas; default: all.")] = None,
    column: Annotated[str | None, typer.Option(help="Column of SMILES in a table.")] = None,
    reference_test: Annotated[
        str | None, typer.Option(help="A second file: distances are to it, novelty is against --reference.")
    ] = None,
    reference_column: Annotated[str | None, typer.Option(help="Column of SMILES in the reference.")] = None,
    desalt: Annotated[
        bool, typer.Option("--desalt", help="Of salts and mixtures, keep the largest organic component.")
    ] = False,
    out: Annotated[Path | None, typer.Option("-o", "--out", help="Also write a report: .json, .csv or .md.")] = None,
    flags: Annotated[
        Path | None, typer.Option(help="Also write a table of alerts and unusual rings per attempt: .csv or .parquet.")
    ] = None,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace what exists.")] = False,
    jobs: Annotated[int | None, typer.Option(min=1, help="Worker processes; default: one per core.")] = None,
    time_limit: Annotated[float, typer.Option(help="Seconds of processor time for one molecule, above 0.")] = 20.0,
) -> None:
    """Score files of attempts, one column each.

    Every metric is defined in docs/metrics.md.
    """
    from molgen.cli.console import print_table, say
    from molgen.errors import MolgenError, UsageError
    from molgen.evaluation import find_reference
    from molgen.evaluation.evaluate import evaluate as score
    from molgen.evaluation.evaluate import find_metrics, find_suites
    from molgen.evaluation.result import table
    from molgen.io.files import is_readable
    from molgen.system.files import check_writable
    from molgen.system.progress import stages
    from molgen.system.timer import checked_seconds

    if out is not None:
        if out.suffix not in _FORMATS:
            raise UsageError(f"cannot write {out.name}: a report is one of {', '.join(_FORMATS)}")
        check_writable(out, overwrite)
    if flags is not None:
        if flags.suffix not in _TABLES:
            raise UsageError(f"cannot write {flags.name}: the table of flags is one of {', '.join(_TABLES)}")
        check_writable(flags, overwrite)
    for file in files:
        if not is_readable(file):
            raise UsageError(f"there is no file {file}")
    if reference is None and (reference_test is not None or reference_column is not None):
        raise UsageError("--reference-test and --reference-column go with --reference")
    names: list[str] = []
    refused: list[tuple[str, MolgenError]] = []
    chosen = find_suites(suite or ["graph"])
    suites = [found.name for found in chosen]
    wanted = find_metrics(None if only is None else [name.strip() for name in only.split(",")], chosen)
    checked_seconds(time_limit, "--time-limit")
    with stages(True, "evaluating") as show:
        compared = (
            None
            if reference is None
            else find_reference(reference, reference_column, jobs, show, test=reference_test, salts=desalt)
        )
        inputs, found = [], []
        for name, file in zip(_names(files), files, strict=True):
            given = _Input(file, column, desalt)
            try:
                evaluation = score(
                    given,
                    compared,
                    suites,
                    only=wanted,
                    jobs=jobs,
                    time_limit=time_limit,
                    flags=flags is not None,
                    progress=_for_file(show, name if len(files) > 1 else ""),
                )
            except UsageError:
                raise
            except MolgenError as error:
                refused.append((name, error))
                continue
            names.append(name)
            inputs.append(given)
            found.append(evaluation)
    if not found:
        raise refused[0][1]
    for name, reason in refused:
        say(f"molgen: {name} is left out, {len(found)} of {len(files)} files are scored: {reason}")
    if out is not None:
        _write(out, overwrite, names, found)
    if flags is not None:
        _write_flags(flags, overwrite, names, found)
    for note in compared.notes if compared is not None else ():
        say(f"molgen: {note}")
    for name, given, evaluation in zip(names, inputs, found, strict=True):
        if given.desalted:
            say(f"molgen: {name}: one component kept of {given.desalted:,} salts or mixtures")
        for warning in evaluation.warnings:
            if compared is None or warning not in compared.notes:
                say(f"molgen: {name}: {warning}")
        for lost in evaluation.lost:
            say(f"molgen: {name}: attempt {lost.number} {lost.reason}: {lost.text}")
    rows = table(found, names)
    attempts = ", ".join(dict.fromkeys(f"{evaluation.attempts:,}" for evaluation in found))
    print_table(f"{attempts} attempts, reference {reference or 'none'}", rows[0], rows[1:])


def _for_file(show: Callable[[str, int], None], name: str) -> Callable[[str, int], None]:
    return lambda label, done: show(f"{name} {label}".strip(), done)


class _Input:
    """The attempts of a file.

    Attributes:
        desalted: of how many one component was kept.
    """

    def __init__(self, file: Path, column: str | None, desalt: bool) -> None:
        self._file, self._column, self._desalt = file, column, desalt
        self.desalted = 0

    def __iter__(self) -> Iterator[str]:
        from molgen.chem.desalt import desalt
        from molgen.io import read_smiles

        for _, text in read_smiles(self._file, self._column):
            kept = desalt(text) if self._desalt else text
            self.desalted += kept != text
            yield kept


def _names(files: list[Path]) -> list[str]:
    """Names of files, with as many of their folders as it takes to tell them apart."""
    for depth in range(1, max(len(file.parts) for file in files) + 1):
        names = ["/".join(file.parts[-depth:]) for file in files]
        if len(set(names)) == len(set(files)):
            break
    return names


def _write(path: Path, overwrite: bool, names: list[str], found: list[Evaluation]) -> None:
    import json

    import pandas

    from molgen.evaluation.result import table
    from molgen.system.files import whole_file

    if path.suffix == ".json":
        each = [{"file": name, **evaluation.to_dict()} for name, evaluation in zip(names, found, strict=True)]
        text = json.dumps(each[0] if len(each) == 1 else each, indent=1) + "\n"
    elif path.suffix == ".csv":
        frames = [
            evaluation.to_pandas().reset_index().assign(file=name)
            for name, evaluation in zip(names, found, strict=True)
        ]
        text = pandas.concat(frames).to_csv(index=False)
    else:
        header, *rows = table(found, names)
        lines = [header, tuple("---" for _ in header), *rows]
        text = "".join("| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |\n" for line in lines)
    with whole_file(path, overwrite) as temporary:
        temporary.write_text(text)


def _write_flags(path: Path, overwrite: bool, names: list[str], found: list[Evaluation]) -> None:
    import pandas

    from molgen.system.files import whole_file

    tables = [(name, evaluation.flags) for name, evaluation in zip(names, found, strict=True)]
    table = pandas.concat([flags.assign(file=name) for name, flags in tables if flags is not None])
    with whole_file(path, overwrite) as temporary:
        if path.suffix == ".csv":
            table.to_csv(temporary, index=False)
        else:
            table.to_parquet(temporary, index=False)
