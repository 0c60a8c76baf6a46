"""`molgen generate`: molecules out of a model."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from molgen.cli.panels import Panels
from molgen.system.shipped import DEFAULT_MODEL

if TYPE_CHECKING:
    from molgen.models.results import Attempts, Generated

PANELS: Panels = {
    "What to make": ("n", "attempts", "model", "seed", "max_attempts"),
    "Conditions": ("fragment", "properties", "atoms", "collection", "template"),
    "Filters": ("keep", "contains", "without", "drop_alerts", "known_rings"),
    "Sampling (refused where the model does not have it)": (
        *("preset", "temperature", "top_p", "guidance", "sampler", "steps", "distortion"),
        *("eta", "omega", "remask", "block", "valence_guard"),
    ),
    "Output": ("out", "with_properties", "trace", "overwrite"),
    "Hardware": ("batch_size", "device"),
}


def generate(
    n: Annotated[int | None, typer.Option("-n", "--number", help="Molecules to keep: valid, all different.")] = None,
    attempts: Annotated[
        int | None, typer.Option(help="Instead of -n: number of raw attempts, unfiltered, for benchmarks.")
    ] = None,
    out: Annotated[
        list[Path] | None, typer.Option("-o", "--out", help=".smi, .csv, .parquet or .sdf, also several; else stdout.")
    ] = None,
    model: Annotated[str, typer.Option(help="A shipped model or a model directory.")] = DEFAULT_MODEL,
    fragment: Annotated[
        str | None,
        typer.Option(help="SMILES that every molecule contains; grow at each *, or anywhere; pieces apart by a dot."),
    ] = None,
    properties: Annotated[
        list[str] | None,
        typer.Option("--property", help="NAME=LOW..HIGH, such as logP=1..3, QED=0.7.. or HBD=1; may be repeated."),
    ] = None,
    atoms: Annotated[str | None, typer.Option(help="Number of heavy atoms, such as 20..30.")] = None,
    collection: Annotated[
        str | None, typer.Option(help="Molecules like those of one training collection, such as moses.")
    ] = None,
    known_rings: Annotated[
        bool, typer.Option("--known-rings", help="With -n: keep ring systems that training molecules have, no others.")
    ] = False,
    keep: Annotated[
        list[str] | None,
        typer.Option(help="With -n: keep what has a property so, such as 'QED > 0.7' or 'logP = 1..3'; repeatable."),
    ] = None,
    contains: Annotated[
        list[str] | None, typer.Option(help="With -n: SMARTS that every molecule has; repeatable.")
    ] = None,
    without: Annotated[list[str] | None, typer.Option(help="With -n: SMARTS that no molecule has; repeatable.")] = None,
    drop_alerts: Annotated[
        list[str] | None,
        typer.Option(help="With -n: catalogues of alerts that no molecule has, such as PAINS,BRENK; repeatable."),
    ] = None,
    max_attempts: Annotated[
        int | None,
        typer.Option(
            help="With -n: give up after so many attempts; by default 20 n + 1,000, or 500 that gave nothing."
        ),
    ] = None,
    seed: Annotated[int, typer.Option(help="The same seed gives the same molecules.")] = 0,
    batch_size: Annotated[int, typer.Option(help="Molecules per network call.")] = 128,
    preset: Annotated[
        str | None,
        typer.Option(
            help="close: like the training molecules (default); benchmark: as in the published figures; novel: more "
            "new molecules, and precise: near the properties asked for (both of drugs-graph)."
        ),
    ] = None,
    sampler: Annotated[str | None, typer.Option(help="ancestral, renoise, flow, confidence or first-hitting.")] = None,
    steps: Annotated[int | None, typer.Option(help="Network calls.")] = None,
    distortion: Annotated[str | None, typer.Option(help="identity, polydec, polyinc or cosine.")] = None,
    temperature: Annotated[str | None, typer.Option(help="A number, or atoms=0.8,bonds=0.6.")] = None,
    top_p: Annotated[str | None, typer.Option(help="A number, or atoms=0.99,bonds=0.95.")] = None,
    guidance: Annotated[
        str | None, typer.Option(help="How far to follow properties, 0 or more: a number, or atoms=1,bonds=0.7.")
    ] = None,
    eta: Annotated[
        float | None, typer.Option(help="Stochasticity of the flow sampler, or of the order of the confidence sampler.")
    ] = None,
    omega: Annotated[float | None, typer.Option(help="Target guidance of the flow sampler.")] = None,
    remask: Annotated[
        bool | None, typer.Option("--remask", help="Confidence sampler: mask chosen variables again.")
    ] = None,
    block: Annotated[int | None, typer.Option(help="Tokens per block (family any-order); 0 for one block.")] = None,
    valence_guard: Annotated[
        bool | None,
        typer.Option(
            "--valence-guard/--no-valence-guard",
            help="Autoregressive graphs: exclude bonds that exceed a valence. By default on with -n only.",
        ),
    ] = None,
    template: Annotated[
        str | None, typer.Option(help="SMILES with * for the parts to generate, such as 'C1CC1*' (text models).")
    ] = None,
    device: Annotated[str, typer.Option(help="cpu, cuda, ...")] = "cpu",
    trace: Annotated[Path | None, typer.Option(help="Also draw the steps of one molecule, as .gif.")] = None,
    with_properties: Annotated[
        bool,
        typer.Option(
            "--properties",
            help="With -o: also logP, QED, ..., scaffold, alerts and nll, in a .csv, .tsv, .parquet or .sdf.",
        ),
    ] = False,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace existing files.")] = False,
) -> None:
    """Generate molecules."""
    from molgen.cli.console import said_warnings, say
    from molgen.cli.options import to_device
    from molgen.cli.output import Output
    from molgen.errors import UsageError
    from molgen.io import check_output, holds_columns
    from molgen.system.files import check_writable
    from molgen.system.progress import bar

    if n is not None and attempts is not None:
        raise UsageError("-n and --attempts exclude each other")
    if n is None and attempts is None and trace is None:
        raise UsageError("say how many: -n 1000 for molecules to keep, --attempts 10000 for raw output")
    filtering = {
        "known_rings": known_rings,
        "keep": keep or (),
        "contains": contains or (),
        "without": without or (),
        "drop_alerts": drop_alerts or (),
    }
    for name, value in filtering.items():
        if value and n is None:
            raise UsageError(f"--{name.replace('_', '-')} goes with -n: raw attempts are not filtered")
    for count in (n, attempts):
        if count is not None and count < 1:
            raise UsageError(f"the number of molecules must be at least 1, got {count}")
    for path in out or ():
        check_output(path, overwrite)
    if with_properties and not any(map(holds_columns, out or ())):
        raise UsageError("--properties goes with -o and a name that ends in .csv, .tsv, .parquet or .sdf")
    if trace is not None:
        check_writable(trace, overwrite)

    from molgen.constraints.conditions import Conditions, split_properties
    from molgen.constraints.filters import Filters
    from molgen.models.generator import Generator
    from molgen.models.results import Interrupted, TooFew
    from molgen.system.hardware import keep_memory
    from molgen.system.signals import Ended

    asked: dict[str, Any] = {
        "fragment": fragment,
        "properties": split_properties(properties or ()),
        "atoms": atoms,
        "collection": collection,
    }
    conditions = Conditions.of(**asked)  # refuse what cannot be read before a model is
    Filters.of(keep or (), contains or (), without or (), drop_alerts or ())
    keep_memory()
    generator = to_device(Generator.from_pretrained(model), device)
    sampling: dict[str, Any] = {
        "preset": preset,
        "sampler": sampler,
        "steps": steps,
        "distortion": distortion,
        "temperature": temperature,
        "top_p": top_p,
        "guidance": guidance,
        "eta": eta,
        "omega": omega,
        "remask": remask,
        "block": block,
        "valence_guard": valence_guard,
        "template": template,
    }
    if trace is not None:
        from molgen.report.trace import draw_trace

        if conditions is not None:
            conditions.check(generator.conditions)
        states = generator.trace(seed, conditions, **sampling)
        draw_trace(trace, states, overwrite, None if conditions is None else conditions.fragment)
    if attempts is None and n is None:
        return
    start = time.perf_counter()
    options = {"seed": seed, "batch_size": batch_size, **asked, **sampling}
    found: Attempts | Generated | None = None
    stopped: BaseException | None = None
    with Output(out or (), overwrite, with_properties) as output:
        try:
            with said_warnings(), bar("sampling", attempts or n) as shown:
                options |= {"progress": shown.advance, "deliver": output}
                if attempts is not None:
                    found = generator.attempts(attempts, **options)
                elif n is not None:
                    options |= {"max_attempts": max_attempts, **filtering}
                    found = generator.generate(n, **options)
        except TooFew as few:
            found, stopped = few.found, few
        except Interrupted as stop:
            found, stopped = stop.found, stop
            if found:
                output(found.take())
        except (KeyboardInterrupt, Ended) as stop:
            stopped = stop
        if isinstance(stopped, KeyboardInterrupt | Ended) and not output.written:
            raise stopped
    if found is not None:
        say(f"{found}  {_pace(found.attempted, start)}")
    if isinstance(stopped, KeyboardInterrupt | Ended):
        say("interrupted: written is what the first attempts gave")
    if stopped is not None:
        raise stopped


def _pace(attempts: int, start: float) -> str:
    seconds = time.perf_counter() - start
    return f"in {seconds:.1f} s ({attempts / max(seconds, 1e-9):,.0f} attempts/s)"
