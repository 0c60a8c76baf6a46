"""`molgen library`: very many molecules on disk."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from molgen.cli.panels import Panels, panelled
from molgen.system.shipped import DEFAULT_MODEL

app = typer.Typer(no_args_is_help=True, help="Very many molecules on disk: build, resume, query, pick, merge.")

BUILD: Panels = {
    "What to make": ("n", "model", "seed", "max_attempts"),
    "Going on": ("resume",),
    "Conditions": ("fragment", "properties", "atoms", "collection"),
    "What is kept": ("filter", "exclude", "contains", "without", "known_rings"),
    "Columns": ("nearest",),
    "Sampling": ("preset", "sampling", "batch_size", "device"),
    "Work": ("engine", "address", "jobs", "shard_attempts", "quiet"),
}

PICK: Panels = {
    "How": ("n", "diverse", "cluster", "score", "ascending", "apart_by", "seed"),
    "Of which": ("near", "within", "where"),
    "Output": ("out", "overwrite"),
    "Hardware": ("jobs",),
}

_FROM_LIBRARY = {"n", "engine", "address", "jobs", "max_attempts", "quiet", "resume", "folder"}
"""Options that go with --resume; all others are those of the library."""

Folder = Annotated[Path, typer.Argument(help="Folder of a library.")]
Jobs = Annotated[int | None, typer.Option(min=1, help="Processes; by default one per core.")]


@app.command(cls=panelled(BUILD))
def build(
    context: typer.Context,
    folder: Annotated[Path, typer.Argument(help="Folder of the library; new, or with --resume one that was begun.")],
    n: Annotated[int | None, typer.Option("-n", "--number", min=1, help="Molecules to keep, all different.")] = None,
    resume: Annotated[
        bool, typer.Option("--resume", help="Go on after a stop; with -n for more molecules; mends damaged shards.")
    ] = False,
    model: Annotated[str, typer.Option(help="A shipped model or a model directory.")] = DEFAULT_MODEL,
    seed: Annotated[int, typer.Option(help="The same seed gives the same molecules.")] = 0,
    filter: Annotated[
        str | None, typer.Option(help="Keep molecules with this, in SQL: 'QED > 0.6 and SA < 4 and alerts_PAINS = 0'.")
    ] = None,
    exclude: Annotated[
        list[Path] | None, typer.Option(help="Leave out molecules of a file or a library; repeatable.")
    ] = None,
    nearest: Annotated[
        str | None, typer.Option(help="Add the similarity to the nearest molecule of a set, such as moses, or a file.")
    ] = None,
    fragment: Annotated[
        str | None, typer.Option(help="SMILES that every molecule contains; grow at each *, or anywhere.")
    ] = None,
    properties: Annotated[
        list[str] | None, typer.Option("--property", help="Ask the model for NAME=LOW..HIGH; repeatable.")
    ] = None,
    atoms: Annotated[str | None, typer.Option(help="Number of heavy atoms, such as 20..30.")] = None,
    collection: Annotated[str | None, typer.Option(help="Molecules like those of one training collection.")] = None,
    known_rings: Annotated[
        bool, typer.Option("--known-rings", help="Keep ring systems that training molecules have, no others.")
    ] = False,
    contains: Annotated[list[str] | None, typer.Option(help="SMARTS that every molecule has; repeatable.")] = None,
    without: Annotated[list[str] | None, typer.Option(help="SMARTS that no molecule has; repeatable.")] = None,
    preset: Annotated[
        str | None, typer.Option(help="close (default), benchmark; of drugs-graph also novel, precise.")
    ] = None,
    sampling: Annotated[
        str | None, typer.Option(help="Other settings, such as 'steps=20 temperature=0.9'; see molgen generate.")
    ] = None,
    batch_size: Annotated[int, typer.Option(min=1, help="Molecules per network call.")] = 128,
    device: Annotated[str, typer.Option(help="cpu, cuda, ...")] = "cpu",
    max_attempts: Annotated[
        int | None,
        typer.Option(min=1, help="Give up after so many, rounded up to whole files; by default 20 n + 1,000."),
    ] = None,
    engine: Annotated[
        str, typer.Option(help="local: processes on this machine; ray: Ray, also on a cluster.")
    ] = "local",
    address: Annotated[str | None, typer.Option(help="Of a Ray cluster; auto for the one of this machine.")] = None,
    jobs: Jobs = None,
    shard_attempts: Annotated[
        int | None, typer.Option(min=1, help="Attempts of a file, the work lost at most per process at a stop.")
    ] = None,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Print errors only.")] = False,
) -> None:
    """Make a library: molecules that are different and annotated, in Parquet files.

    A stop of any kind loses at most the file that each process is at; go on with --resume.
    """
    from molgen.cli.console import said_warnings, say
    from molgen.cli.options import refuse_given, sampling_settings
    from molgen.constraints.conditions import split_properties
    from molgen.errors import UsageError
    from molgen.library import Library
    from molgen.system.signals import Ended

    library = Library(folder)
    work: dict[str, Any] = {
        "engine": engine,
        "address": address,
        "jobs": jobs,
        "max_attempts": max_attempts,
        "progress": not quiet,
    }
    settings: dict[str, Any] = sampling_settings(sampling or "", "--sampling")
    with said_warnings():
        try:
            if resume:
                others = [name for name in context.params if name not in _FROM_LIBRARY]
                refuse_given(context, others, "{} is that of the library: leave it out with --resume")
                library.resume(n, **work)
            else:
                if n is None:
                    raise UsageError("say how many: -n 1000000")
                if filter is not None and not quiet:
                    asked = any((fragment, properties, atoms, collection))
                    for line in library.explain(filter, nearest=nearest is not None, conditions=asked):
                        say(line)
                library.build(
                    n,
                    model=model,
                    seed=seed,
                    filter=filter,
                    exclude=exclude or (),
                    nearest=nearest,
                    fragment=fragment,
                    properties=split_properties(properties or ()),
                    atoms=atoms,
                    collection=collection,
                    known_rings=known_rings,
                    contains=contains or (),
                    without=without or (),
                    batch_size=batch_size,
                    device=device,
                    shard_attempts=shard_attempts,
                    **work,
                    preset=preset,
                    **settings,
                )
        except (KeyboardInterrupt, Ended):
            if library.exists:
                say(f"stopped; go on with: molgen library build {folder} --resume")
            raise
    if not quiet:
        say(f"{folder}: {library}")


@app.command()
def info(folder: Folder) -> None:
    """Show what is in a library, how it was made and what it cost."""
    from molgen.cli.console import print_table
    from molgen.library import Library
    from molgen.library.summary import summary

    print_table(str(folder), ("", ""), summary(Library(folder)))


@app.command()
def query(
    folder: Folder,
    sql: Annotated[str, typer.Argument(help="One SELECT about the table molecules.")],
    out: Annotated[
        Path | None, typer.Option("-o", "--out", help=".csv, .parquet, .sdf, ...; else CSV to stdout.")
    ] = None,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace an existing file.")] = False,
) -> None:
    """Ask a library a question in SQL (DuckDB). Nothing is written to it, and no other file is read."""
    import sys

    from molgen.library import Library

    library = Library(folder)
    if out is None:
        library.export(sql, sys.stdout.buffer)
    else:
        library.export(sql, out, overwrite=overwrite)


@app.command(cls=panelled(PICK))
def pick(
    folder: Folder,
    out: Annotated[Path, typer.Option("-o", "--out", help="Molecules with their columns: .sdf, .csv, .parquet, .smi.")],
    n: Annotated[int, typer.Option("-n", "--number", min=1, help="Molecules at most.")] = 100,
    diverse: Annotated[
        bool, typer.Option("--diverse", help="Far from each other (MaxMin); so it is without --cluster and --score.")
    ] = False,
    cluster: Annotated[bool, typer.Option("--cluster", help="The middle of each of n clusters (k-means).")] = False,
    score: Annotated[str | None, typer.Option(help="The largest values of this column.")] = None,
    ascending: Annotated[bool, typer.Option("--ascending", help="With --score: the least values.")] = False,
    apart_by: Annotated[
        float | None, typer.Option(help="Tanimoto distance between any two picks at least, such as 0.6.")
    ] = None,
    near: Annotated[Path | None, typer.Option(help="Pick near molecules of this file; with --within.")] = None,
    within: Annotated[float | None, typer.Option(help="Largest Tanimoto distance to the nearest of them.")] = None,
    where: Annotated[str | None, typer.Option(help="Pick of molecules with this, in SQL, such as 'SA < 3'.")] = None,
    seed: Annotated[int, typer.Option(help="Of random choices.")] = 0,
    jobs: Jobs = None,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace an existing file.")] = False,
) -> None:
    """Pick molecules of a library: diverse ones, one of each cluster, or the best; near given ones."""
    from molgen.cli.console import said_warnings, say
    from molgen.errors import UsageError
    from molgen.library import Library

    if diverse + cluster + (score is not None) > 1:
        raise UsageError("--diverse, --cluster and --score exclude each other")
    with said_warnings():
        found = Library(folder).pick(
            n,
            "cluster" if cluster else "diverse" if score is None else "score",
            score=score,
            ascending=ascending,
            apart_by=apart_by,
            near=near,
            within=within,
            where=where,
            seed=seed,
            jobs=jobs,
            out=out,
            overwrite=overwrite,
        )
    say(f"{out}: {len(found):,} molecules" + (f" of the {n:,} asked for" if len(found) < n else ""))


@app.command()
def merge(
    folders: Annotated[list[Path], typer.Argument(help="Two libraries or more.")],
    out: Annotated[Path, typer.Option("--out", "-o", help="Folder of the new library.")],
    jobs: Jobs = None,
) -> None:
    """Make one library of several; of equal molecules that of the first stays."""
    from molgen.cli.console import say
    from molgen.library import Library

    say(f"{out}: {Library.merge(folders, out, jobs=jobs)}")
