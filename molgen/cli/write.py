"""`molgen dialogue write`: continue a text."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer


def write(
    model: Annotated[Path, typer.Option(help="Directory of a model of text (molgen train stream).")],
    start: Annotated[str, typer.Option(help="Text to continue.")] = "\n",
    tokens: Annotated[int, typer.Option(help="Number of tokens to write.")] = 200,
    seed: Annotated[int, typer.Option(help="The same start and seed give the same text.")] = 0,
    temperature: Annotated[
        float | None, typer.Option(help="Below 1 likelier tokens, above 1 more varied ones.")
    ] = None,
    top_p: Annotated[
        float | None, typer.Option(help="Sample from the likeliest tokens that together have this probability.")
    ] = None,
) -> None:
    """Continue a text, block after block.

    It may be longer than any text in training.
    """
    from molgen.dialogue import BlockDiffusion

    writing = BlockDiffusion.from_pretrained(model)
    found = writing.go_on(start, tokens, seed=seed, temperature=temperature, top_p=top_p)
    sys.stdout.write(found[0])
    sys.stdout.flush()
