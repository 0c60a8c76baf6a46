"""Fine-tuning: a trained generator goes on learning from a small set of molecules."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, Unpack

from molgen.datasets.sources import find_source
from molgen.errors import MolgenError
from molgen.models.generator import Generator
from molgen.models.loading import load_model
from molgen.models.presets import close
from molgen.models.recipe import MoleculesRecipe
from molgen.models.registry import find_family
from molgen.models.rings import rings_of
from molgen.models.settings import FineTuningOptions, names_fields
from molgen.system.files import passing_folder
from molgen.system.progress import bar
from molgen.system.stopping import pass_on
from molgen.training.config import recipe_of
from molgen.training.display import EVERYTHING, Display
from molgen.training.folder import check_free
from molgen.training.run import fit, parent_of
from molgen.training.screen import screen

MOLECULES_FILE, LEFT_OUT_FILE = "molecules.smi", "left_out.csv"
MINUTES, LEARNING_RATE, BATCH_SIZE = 5.0, 1e-3, 64

_PASSES = 12
"""Longest training in passes over the molecules, where no number of steps is given."""
_FEWEST_STEPS = 30
_HELD_OUT = 0.1
_LEAST_FOR_HOLDING_OUT = 20
_FEW = (
    f"fewer than {_LEAST_FOR_HOLDING_OUT} molecules: none is held out, so training does not stop by itself, and the "
    "model may repeat them"
)
_VALIDATE_STEPS = (10, 200)
"""Fewest and most steps between validations; in between it is one pass over the molecules."""


def fine_tune_run(
    model: Generator,
    molecules: str | Path | Iterable[Any],
    run: Path,
    *,
    column: str | None = None,
    desalt: bool | None = None,
    minutes: float | None = None,
    steps: int | None = None,
    learning_rate: float | None = None,
    batch_size: int | None = None,
    seed: int | None = None,
    display: Display = EVERYTHING,
) -> int | None:
    """Fine-tune a generator and leave a run's folder, as `molgen.training.run.train` does.

    The folder also gets ``molecules.smi``, the molecules that fit the model, and ``left_out.csv`` where others do not.
    `model` itself is left as it is.

    Args:
        model: to begin from.
        molecules: a named set, a file, SMILES, or RDKit molecules.
        run: folder, new.
        column: of a table.
        desalt: keep the largest organic component of salts and mixtures, which are left out otherwise.
        minutes: longest training in minutes of wall-clock, 5 where `steps` is not given either.
        steps: longest training in steps; by default those of some passes over the molecules.
        learning_rate: peak, 0.001 by default.
        batch_size: molecules per step, 64 by default.
        seed: of order and noise, and of which molecules are held out; 0 by default.
        display: what is shown.

    Returns:
        The signal that stopped training early, or None.

    Raises:
        MolgenError: nothing fits the model, or the folder is taken.
    """
    check_free(run)
    seed, batch_size = seed or 0, BATCH_SIZE if batch_size is None else batch_size
    family = find_family(model.family)
    recipe: type[MoleculesRecipe] = family.recipe_class()
    source = find_source(molecules, column)
    with bar("reading molecules", shown=display.bars):
        found = screen(model, source, bool(desalt))
    if not found.smiles:
        raise MolgenError(f"nothing in {source.name} fits {model.name or 'the model'}: {found}")
    parent, start = parent_of(model), model.copied()
    start.name, start.presets = "", {}
    counts = {"molecules": len(found.smiles), "left_out": found.reasons}
    data = {"name": source.name, "fingerprint": source.fingerprint(), **counts}
    recipe.with_sizes(start, found.sizes, {**data, "parent": parent.model_dump()})
    start.sampling = close(model.sampling)
    if model.ring_systems:
        start.ring_systems = model.ring_systems.union(*map(rings_of, found.smiles))
    try:
        run.mkdir(parents=True, exist_ok=True)
        (run / MOLECULES_FILE).write_text("\n".join(found.smiles) + "\n")
        if found.left_out:
            found.write_left_out(run / LEFT_OUT_FILE)
    except OSError as error:
        raise MolgenError(f"cannot write to the folder {run}: {error.strerror}") from None
    start.save_pretrained(run / "model")  # what a resumed run takes vocabulary and sizes from
    show = display.note if len(found.smiles) < found.read else display.line
    show("\n".join([str(found), *found.examples()]))
    if not _held_out(len(found.smiles)):
        display.line(_FEW)
    settings = {
        "data": {
            "name": str((run / MOLECULES_FILE).resolve()),
            "split": {"seed": seed, "validation": _held_out(len(found.smiles)), "test": 0.0},
            **recipe.data_settings(model),
        },
        "optimiser": {
            **_optimiser(len(found.smiles), batch_size),
            **_length(len(found.smiles), batch_size, minutes, steps),
            "batch_size": batch_size,
            "learning_rate": LEARNING_RATE if learning_rate is None else learning_rate,
            "seed": seed,
        },
    }
    config = recipe_of(family, settings, "fine-tuning").starting_from(start, model.name)
    return fit(config.model_copy(update={"parent": parent}), run, start, display=display)


def _held_out(molecules: int) -> float:
    return _HELD_OUT if molecules >= _LEAST_FOR_HOLDING_OUT else 0.0


def _optimiser(molecules: int, batch_size: int) -> dict[str, Any]:
    """Settings for hundreds of steps on hundreds of molecules."""
    fewest, most = _VALIDATE_STEPS
    return {
        "method": "muon",
        "warmup": 10,
        "ema": 0.98,
        "dropout": 0.2,
        "validate_steps": min(max(math.ceil(molecules / batch_size), fewest), most),
        "validation_draws": 4,
        "sampled_molecules": 0,
        "patience": 6 if _held_out(molecules) else None,
    }


def _length(molecules: int, batch_size: int, minutes: float | None, steps: int | None) -> dict[str, Any]:
    if steps is not None:
        return {"steps": steps, "minutes": minutes}
    passes = _PASSES * math.ceil(molecules / batch_size)
    return {"steps": max(passes, _FEWEST_STEPS), "minutes": minutes or MINUTES}


@names_fields(FineTuningOptions)
def fine_tune(
    model: Generator | str | Path,
    molecules: str | Path | Iterable[Any],
    out: str | Path | None = None,
    *,
    progress: bool | Callable[[float], object] = True,
    **options: Unpack[FineTuningOptions],
) -> Generator:
    """A generator that has gone on learning from a set of molecules.

    A tenth of the molecules is held out; the weights with the best likelihood of those are kept, and training stops
    when it no longer rises. Sizes are learned anew. Temperatures above 1 go back to 1. Molecules that do not fit the
    model are left out; how many and why is printed and stands in the result's ``config.data``.

    Args:
        model: a generator, the name of one that ships with molgen, or a model directory. It is not changed.
        molecules: a named set, a file, SMILES, or RDKit molecules.
        out: folder of the run, new; by default nothing is kept on disk.
        progress: true for a bar and a line for each validation on terminals and in notebooks, and what was left out
            everywhere; false for nothing; or what is called after each step with the share of training done.
        **options: ``minutes`` (5) or ``steps``, ``learning_rate``, ``batch_size``, ``seed``, ``column``, ``desalt``.

    Raises:
        MolgenError: nothing fits the model, or the folder is taken.

    Example:
        >>> import molgen
        >>> mine = molgen.fine_tune("qm9-text", ["CCO", "CCCO", "CCCCO"], steps=2)
        >>> mine.config.data["molecules"]
        3
    """
    start = model if isinstance(model, Generator) else Generator.from_pretrained(model)
    with passing_folder() as temporary:
        run = temporary / "run" if out is None else Path(out)
        stopped = fine_tune_run(start, molecules, run, display=Display.of(progress), **options)
        result: Generator = load_model(run / "model")
    if out is None:
        result.name = ""  # its folder is gone
    pass_on(stopped)
    return result.to(start.device)
