"""`molgen write`: go on with a text."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer


def write(
    model: Annotated[Path, typer.Option(help="Directory of a model of a stream (molgen train stream).")],
    start: Annotated[str, typer.Option(help="Text to go on from.")] = "\n",
    tokens: Annotated[int, typer.Option(help="How many to write.")] = 200,
    seed: Annotated[int, typer.Option(help="The text depends on it and the start alone.")] = 0,
    temperature: Annotated[float | None, typer.Option(help="Below 1 the likelier, above 1 all sorts.")] = None,
    top_p: Annotated[float | None, typer.Option(help="Keep the likeliest tokens that hold this much.")] = None,
) -> None:
    """Go on with a text, block after block; it may be longer than any in training."""
    from molgen.dialogue import BlockDiffusion

    found = BlockDiffusion.from_pretrained(model).go_on(
        start,
        tokens,
        seed=seed,
        temperature=None if temperature is None else {"tokens": temperature},
        top_p=None if top_p is None else {"tokens": top_p},
    )
    sys.stdout.write(found[0])
    sys.stdout.flush()
