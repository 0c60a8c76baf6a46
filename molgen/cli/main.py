"""The command `molgen`. Verbs import what they need when they run, so that help is instant."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from molgen.cli.compare import compare
from molgen.cli.data import app as data_app
from molgen.cli.dialogue import app as dialogue_app
from molgen.cli.evaluate import PANELS as EVALUATE
from molgen.cli.evaluate import evaluate
from molgen.cli.finetune import finetune
from molgen.cli.fit import fit
from molgen.cli.generate import PANELS as GENERATE
from molgen.cli.generate import generate
from molgen.cli.library import app as library_app
from molgen.cli.likelihood import likelihood
from molgen.cli.notes import print_notes
from molgen.cli.optimise import PANELS as OPTIMISE
from molgen.cli.optimise import optimise
from molgen.cli.panels import Panels, panelled, panelled_group
from molgen.cli.properties import properties
from molgen.cli.report import PANELS as REPORT
from molgen.cli.report import report
from molgen.cli.score import score
from molgen.cli.train import app as train_app
from molgen.cli.tune import tune
from molgen.cli.view import PANELS as VIEW
from molgen.cli.view import view
from molgen.errors import MolgenError
from molgen.system.signals import Ended, ending_by_exception

_VERBS: Panels = {
    "Make molecules": ("generate", "finetune", "train", "properties"),
    "Very many molecules": ("library",),
    "Look at molecules": ("evaluate", "likelihood", "view", "report", "data"),
    "Compare generators": ("compare", "tune"),
    "Better molecules": ("optimise", "score", "fit"),
    "Ordinary text": ("dialogue",),
}

_LIBRARIES = "libxrender1 libxext6 libx11-6 libexpat1"
"""Of the system, that RDKit's drawing needs."""

app = typer.Typer(
    cls=panelled_group(_VERBS),
    no_args_is_help=True,
    context_settings={"help_option_names": ["-h", "--help"]},
    pretty_exceptions_enable=False,
    rich_markup_mode=None,  # see molgen.cli.panels
    help="Generate molecules; train, evaluate and compare generators.",
)
app.add_typer(data_app, name="data")
app.add_typer(library_app, name="library")
app.add_typer(train_app, name="train")
app.command()(finetune)
app.command(cls=panelled(GENERATE))(generate)
app.command()(properties)
app.command()(score)
app.command()(fit)
app.command(cls=panelled(OPTIMISE))(optimise)
app.command(cls=panelled(EVALUATE))(evaluate)
app.command()(likelihood)
app.command(cls=panelled(VIEW))(view)
app.command(cls=panelled(REPORT))(report)
app.command()(compare)
app.command()(tune)
app.add_typer(dialogue_app, name="dialogue")


def _version(wanted: bool) -> None:
    if wanted:
        from molgen import __version__

        print(f"molgen {__version__}")
        raise typer.Exit()


@app.callback()
def _common(
    version: Annotated[bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")] = (
        False
    ),
) -> None:
    print_notes()


def main() -> None:
    """Run, and turn errors into one line and an exit code."""
    try:
        with ending_by_exception():
            app()
    except Ended as end:
        sys.exit(128 + end.number)
    except MolgenError as error:
        print(f"molgen: {error}", file=sys.stderr)
        sys.exit(error.exit_code)
    except KeyboardInterrupt:
        print("molgen: interrupted", file=sys.stderr)
        sys.exit(130)
    except ImportError as error:
        if "shared object file" not in str(error):
            raise
        print(f"molgen: {error}; on Debian: apt-get install {_LIBRARIES}", file=sys.stderr)
        sys.exit(1)
    except OSError as error:  # a full disk, a name too long, a folder that has vanished
        place = "" if error.filename is None else f"{error.filename}: "
        print(f"molgen: {place}{error.strerror or error}", file=sys.stderr)
        sys.exit(1)
