"""`molgen dialogue`: models of ordinary text, not of molecules."""

from __future__ import annotations

import typer

from molgen.cli.chat import chat
from molgen.cli.write import write

app = typer.Typer(no_args_is_help=True, help="Models of ordinary text: answer prompts, continue texts.")
app.command()(chat)
app.command()(write)
