"""`molgen optimise`: molecules that are good by a score."""

from __future__ import annotations

import signal
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from molgen.cli.panels import Panels
from molgen.system.shipped import DEFAULT_MODEL

if TYPE_CHECKING:
    from molgen.optimisation.benchmark import TaskResult
    from molgen.optimisation.result import Optimised
    from molgen.optimisation.run import RunSettings

PANELS: Panels = {
    "What is good": ("score", "benchmark", "tasks", "fragment"),
    "How": ("model", "start", "calls", "seed", "per_scaffold", "settings"),
    "Output": ("out", "n", "resume", "overwrite"),
}
_DRAWN = 40
_OPTIONS = ("calls", "seed", "per_scaffold")
"""Settings of the optimiser that are options."""
_OF_RUN = ("score", "fragment", "model", "start", "seed", "per_scaffold", "settings")
_NOT_OF_BENCHMARK = ("score", "fragment", "resume", "n", "overwrite")


def optimise(
    context: typer.Context,
    out: Annotated[
        Path,
        typer.Option("-o", "--out", help="File of the best molecules; the folder of a benchmark with --benchmark."),
    ],
    score: Annotated[
        str | None, typer.Option(help="score.toml, or a task of a benchmark such as guacamol/osimertinib_mpo.")
    ] = None,
    benchmark: Annotated[str | None, typer.Option(help="Instead: all tasks of guacamol or pmo.")] = None,
    tasks: Annotated[
        str | None, typer.Option(help="With --benchmark: names of some tasks, separated by commas.")
    ] = None,
    fragment: Annotated[
        str | None, typer.Option(help="SMILES of what every molecule contains; * where it grows.")
    ] = None,
    model: Annotated[str, typer.Option(help="A shipped model or a model directory.")] = DEFAULT_MODEL,
    start: Annotated[
        Path | None, typer.Option(help="Molecules to begin from: scored first, and counted as calls.")
    ] = None,
    calls: Annotated[int | None, typer.Option(min=1, help="Different molecules to score; default 10,000.")] = None,
    seed: Annotated[int | None, typer.Option(min=0, help="Results depend on it; default 0.")] = None,
    per_scaffold: Annotated[
        int | None, typer.Option(min=1, help="Learn from and write at most so many molecules of a Murcko scaffold.")
    ] = None,
    settings: Annotated[
        str,
        typer.Option(help="Others, such as 'learning=reinforce sources=new,mutated'; docs/optimise.md has all."),
    ] = "",
    n: Annotated[int, typer.Option("-n", "--number", min=1, help="Molecules to write.")] = 100,
    resume: Annotated[bool, typer.Option("--resume", help="Go on with the run of --out.")] = False,
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Replace an existing file, and the run beside it.")
    ] = False,
) -> None:
    """Search for molecules that are good by a score, with few calls of it.

    A generator makes molecules, good ones are crossed and mutated, and a surrogate chooses which are scored.

    Beside best.csv a folder best/ has the curve, a grid of the best molecules, the generator as it has become, and what
    --resume goes on from. The last columns of best.csv are what speaks against a molecule.

    Example: molgen optimise --score score.toml --calls 10000 -o best.csv
    """
    from molgen.cli.options import refuse_given
    from molgen.errors import UsageError
    from molgen.models.directory import model_path
    from molgen.optimisation.config import OptimiserConfig
    from molgen.optimisation.run import RunSettings

    if benchmark is not None:
        refuse_given(context, _NOT_OF_BENCHMARK, "--benchmark goes without {}")
    elif resume:
        refuse_given(context, _OF_RUN, "--resume takes {} from the run; leave it out")
        refuse_given(context, ("overwrite",), "--resume goes on with what is there; leave {} out")
    if not out.name:
        raise UsageError(f"{out} is no name of a file: molgen optimise -o best.csv")
    if tasks is not None and benchmark is None:
        raise UsageError("--tasks are those of a --benchmark")
    if resume:
        _one(RunSettings.read(_folder(out)), out, n, resume, calls, overwrite)
        return
    if benchmark is None and score is None:
        raise UsageError("name a score: molgen optimise --score score.toml -o best.csv")
    config = OptimiserConfig.of(calls=calls, seed=seed, per_scaffold=per_scaffold, **_settings(settings))
    chosen = RunSettings(
        model=model_path(model),
        score=_absolute(score or ""),
        fragment=fragment,
        optimiser=config,
        start=None if start is None else str(start.resolve()),
    )
    if benchmark is None:
        _one(chosen, out, n, resume, calls, overwrite)
    else:
        _benchmark(benchmark, tasks, out, chosen)


def _one(settings: RunSettings, out: Path, n: int, resume: bool, calls: int | None, overwrite: bool) -> None:
    from molgen.cli.console import said_warnings, say
    from molgen.errors import MolgenError, UsageError
    from molgen.io import check_output, holds_columns
    from molgen.optimisation.optimise import Failed
    from molgen.optimisation.run import check_free, run

    if not resume:
        check_free(_folder(out), overwrite)  # which says how to go on, before the file beside it is said to exist
    check_output(out, overwrite or resume)
    if not holds_columns(out):
        raise UsageError(f"{out.name} has no place for values: take .csv, .tsv, .parquet or .sdf")
    try:
        with said_warnings():
            found, stopped = run(settings, _folder(out), resume=resume, overwrite=overwrite, calls=calls)
    except Failed as failed:
        if len(failed.found):
            _deliver(failed.found, out, n)
        raise
    if len(found):
        _deliver(found, out, n)
    if stopped is not None:
        say(f"stopped; continue with: molgen optimise -o {out} --resume")
        raise typer.Exit(128 + stopped)
    if not len(found):
        raise MolgenError("no attempt became a molecule that has what is asked: nothing was scored")


def _deliver(found: Optimised, out: Path, n: int) -> None:
    """Write the best molecules and the pictures, and say how it went."""
    from molgen.cli.console import say
    from molgen.optimisation.oddities import summary
    from molgen.report.curve import draw_curve
    from molgen.report.grid import draw_grid
    from molgen.system.progress import bar

    folder, names = _folder(out), ("best", "top_ten", "diversity")
    with bar("looking at the best molecules"):
        against = found.oddities(n)
        found.save(out, n, overwrite=True, extra={"source": found.origins(n), **against})
        lines = {name.replace("_", " "): [getattr(point, name) for point in found.curve] for name in names}
        draw_curve(folder / "curve.png", [point.calls for point in found.curve], lines, overwrite=True)
        best = found.table(min(n, _DRAWN))
        draw_grid(
            [str(text) for text in best["smiles"]],
            folder / "best.png",
            values={"total": best["total"]},
            legend="total",
            overwrite=True,
        )
    say(f"{found}\n{summary(against)}\nwritten: {out}, {folder / 'curve.png'}, {folder / 'best.png'}")


def _benchmark(benchmark: str, tasks: str | None, out: Path, settings: RunSettings) -> None:
    from molgen.cli.console import said_warnings, say
    from molgen.optimisation.benchmark import run_benchmark, task_names
    from molgen.system.signals import Ended

    names = task_names(benchmark, [name.strip() for name in tasks.split(",")] if tasks else ())
    results: list[TaskResult] = []
    try:
        with said_warnings():
            for result in run_benchmark(benchmark, out, settings, names):
                results.append(result)
                say(f"{result.task}: {result.result:.4f}  best {result.best:.4f}  in {result.seconds:.0f} s")
    except Ended:
        _show_results(benchmark, results, len(names))
        raise
    _show_results(benchmark, results, len(names))
    if len(results) < len(names):
        raise typer.Exit(128 + signal.SIGINT)


def _show_results(benchmark: str, results: Sequence[TaskResult], wanted: int) -> None:
    from molgen.cli.console import print_table, say

    rows = [
        [one.task, f"{one.result:.3f}", f"{one.best:.3f}", f"{one.top_ten:.3f}", f"{one.calls:,}", f"{one.seconds:.0f}"]
        for one in results
    ]
    rows.append([f"sum of {len(results)}", f"{sum(one.result for one in results):.3f}", "", "", "", ""])
    print_table(benchmark, ["task", "result", "best", "best ten", "calls", "seconds"], rows)
    if len(results) < wanted:
        say("stopped; the same command goes on")


def _settings(text: str) -> dict[str, Any]:
    from molgen.errors import UsageError
    from molgen.optimisation.config import OptimiserConfig
    from molgen.system.faults import choices

    pairs = [part.partition("=") for part in text.split()]
    for name, equals, value in pairs:
        if name in _OPTIONS:
            raise UsageError(f"--settings: {name} is an option of its own, --{name.replace('_', '-')}")
        if name not in OptimiserConfig.model_fields:
            known = [other for other in OptimiserConfig.model_fields if other not in _OPTIONS]
            raise UsageError(f"--settings takes no {name!r}{choices(name, known)}")
        if not (equals and value):
            raise UsageError(f"--settings takes {name}=VALUE, such as 'learning=reinforce sources=new,mutated'")
    return {name: value for name, _, value in pairs}


def _folder(out: Path) -> Path:
    """Of the run whose best molecules are written to a file: its name without the suffix."""
    return out.with_name(Path(out.name.removesuffix(".gz")).stem or "run")


def _absolute(score: str) -> str:
    """So that a run can be resumed from another folder; names of tasks stay."""
    return str(Path(score).resolve()) if Path(score).is_file() else score
