"""`molgen properties`: what molecules can be asked for."""

from __future__ import annotations

from typing import Annotated

import typer

from molgen.system.shipped import DEFAULT_MODEL


def properties(
    model: Annotated[str, typer.Option(help="A shipped model or a model directory.")] = DEFAULT_MODEL,
) -> None:
    """List the properties that `molgen generate --property` takes, and what a model has been trained on."""
    from molgen.cli.console import print_table, say
    from molgen.features.named_properties import PROPERTIES
    from molgen.models.generator import Generator

    generator = Generator.from_pretrained(model)
    ranges, offered = generator.training_ranges(), generator.conditions
    rows = [
        [
            name,
            one.unit,
            one.description,
            "yes" if name in offered else "no",
            str(ranges[name]) if name in ranges else "",
        ]
        for name, one in PROPERTIES.items()
    ]
    print_table(f"properties ({model})", ["name", "unit", "what", "of this model", "range in training"], rows)
    others = sorted(offered - set(PROPERTIES))
    say(f"this model can also be asked for: {', '.join(others)}" if others else "this model takes no other conditions")
