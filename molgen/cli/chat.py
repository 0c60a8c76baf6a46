"""`molgen dialogue chat`: replies to prompts."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from molgen.dialogue import BlockDiffusion
    from molgen.models.settings import SamplingSettings


def chat(
    model: Annotated[Path, typer.Option(help="Directory of a dialogue model (molgen train dialogue).")],
    prompt: Annotated[str | None, typer.Option(help="One prompt; without it, prompts are read from stdin.")] = None,
    replies: Annotated[int, typer.Option(min=1, help="Different replies per prompt.")] = 1,
    seed: Annotated[int, typer.Option(help="The same prompt and seed give the same replies.")] = 0,
    temperature: Annotated[
        float | None, typer.Option(help="Below 1 likelier replies, above 1 more varied ones.")
    ] = None,
    top_p: Annotated[
        float | None, typer.Option(help="Sample from the likeliest tokens that together have this probability.")
    ] = None,
) -> None:
    """Answer prompts, one reply per line.

    On a terminal each reply is shown step by step.
    """
    from molgen.cli.console import say
    from molgen.dialogue import BlockDiffusion
    from molgen.errors import UsageError

    answering = BlockDiffusion.from_pretrained(model)
    settings: SamplingSettings = {"temperature": temperature, "top_p": top_p}
    answering.sampling_with(**settings)
    if prompt is not None:
        _answer(answering, prompt, replies, seed, settings)
        return
    waiting = sys.stdin.isatty()
    if waiting:
        say("Say something; Ctrl-D ends.")
    while True:
        if waiting:
            print("> ", end="", file=sys.stderr, flush=True)
        line = sys.stdin.readline()
        if not line:
            return
        try:
            _answer(answering, line, replies, seed, settings)
        except UsageError as error:
            if not waiting:
                raise
            say(str(error))


def _answer(model: BlockDiffusion, prompt: str, count: int, seed: int, settings: SamplingSettings) -> None:
    """Different replies, printed; on a terminal shown step by step before."""
    from rich.console import Console
    from rich.live import Live
    from rich.text import Text

    if not sys.stdout.isatty():
        found = model.replies(prompt, count, seed=seed, **settings)
    else:
        with Live(console=Console(), transient=True, auto_refresh=False) as live:

            def show(drafts: list[str]) -> None:
                live.update(Text("\n".join(drafts)), refresh=True)

            found = model.replies(prompt, count, seed=seed, observer=show, **settings)
    sys.stdout.writelines(f"{reply}\n" for reply in found)
    sys.stdout.flush()
