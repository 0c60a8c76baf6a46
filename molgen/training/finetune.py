"""Fine-tuning: a trained generator goes on learning from a small set of molecules, until held-out ones say stop."""

from __future__ import annotations

import csv
import hashlib
import math
import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

from molgen.chem.standardize import DEFAULT_LIMITS
from molgen.datasets.encoding import Encoded, Record, encode_records
from molgen.datasets.sources import find_source
from molgen.errors import MoleculeError, MolgenError
from molgen.models.generator import Generator
from molgen.models.loading import load_model
from molgen.models.recipe import MoleculesRecipe
from molgen.models.registry import find_family
from molgen.training.run import check_free, fit, parent_of

MOLECULES_FILE, LEFT_OUT_FILE = "molecules.smi", "left_out.csv"
MINUTES, LEARNING_RATE, BATCH_SIZE = 5.0, 5e-4, 64

_HELD_OUT = 0.1
_LEAST_FOR_HOLDING_OUT = 20
_VALIDATE_STEPS = (10, 200)
"""Fewest and most steps between validations; in between it is one pass over the molecules."""


class LeftOut(NamedTuple):
    """A record that is not learned from.

    Attributes:
        line: of the source.
        smiles: as it was given.
        reason: in one word.
        message: in one line.
    """

    line: int
    smiles: str
    reason: str
    message: str


@dataclass
class Screened:
    """What fits a model.

    Attributes:
        read: records seen.
        smiles: canonical, all different.
        sizes: number of molecules by number of atoms or tokens.
        duplicates: records whose molecule had been seen before.
        stereo_dropped: molecules whose stereo labels were dropped.
        left_out: records that cannot be used.
    """

    read: int = 0
    smiles: list[str] = field(default_factory=list)
    sizes: Counter[int] = field(default_factory=Counter)
    duplicates: int = 0
    stereo_dropped: int = 0
    left_out: list[LeftOut] = field(default_factory=list)

    @property
    def reasons(self) -> dict[str, int]:
        """Records left out, by reason."""
        return dict(Counter(record.reason for record in self.left_out))

    def __str__(self) -> str:
        counts = [f"read {self.read:,}", f"kept {len(self.smiles):,}", f"duplicates {self.duplicates:,}"]
        if self.stereo_dropped:
            counts.append(f"stereo labels dropped {self.stereo_dropped:,}")
        reasons = ", ".join(f"{reason} {count:,}" for reason, count in self.reasons.items())
        counts.append(f"left out {len(self.left_out):,}" + (f" ({reasons})" if reasons else ""))
        return "  ".join(counts)


def screen(model: Generator, records: Iterable[Record]) -> Screened:
    """Sort records into those that a model can encode and those that it cannot.

    Args:
        model: whose vocabulary and largest size decide.
        records: their split is not used.
    """
    recipe, listed, found, seen = _recipe_class(model), list(records), Screened(), set[str]()
    outcomes = encode_records(listed, kekulized=False, limits=DEFAULT_LIMITS)
    for (line, written, *_), (_, outcome) in zip(listed, outcomes, strict=True):
        found.read += 1
        if not isinstance(outcome, Encoded):
            found.left_out.append(LeftOut(line, written, *outcome))
            continue
        if outcome.smiles in seen:
            found.duplicates += 1
            continue
        seen.add(outcome.smiles)
        try:
            found.sizes[recipe.size_of(model, outcome.smiles)] += 1
        except MoleculeError as error:
            found.left_out.append(LeftOut(line, written, error.reason, str(error)))
            continue
        found.smiles.append(outcome.smiles)
        found.stereo_dropped += outcome.had_stereo
    return found


def fine_tune_run(
    model: Generator,
    molecules: str | Path | Iterable[str],
    run: Path,
    *,
    column: str | None = None,
    minutes: float | None = None,
    steps: int | None = None,
    learning_rate: float = LEARNING_RATE,
    batch_size: int = BATCH_SIZE,
    seed: int = 0,
    say: Callable[[str], None] | None = None,
    on_ready: Callable[[], None] | None = None,
) -> int | None:
    """Fine-tune a generator and leave a run's folder, as `molgen.training.run.train` does.

    The folder also gets ``molecules.smi``, what was learned from, and ``left_out.csv`` where molecules do not fit the
    model. `model` itself is left as it is.

    Args:
        model: to begin from.
        molecules: a named set, a file, or SMILES.
        run: folder, new.
        column: of a table.
        minutes: length in minutes of wall-clock, 5 where `steps` is not given either.
        steps: length in steps.
        learning_rate: peak.
        batch_size: molecules per step.
        seed: of order and noise, and of which molecules are held out.
        say: called with what was read, kept and left out.
        on_ready: called once, when training is about to begin.

    Returns:
        The signal that stopped training early, or None.

    Raises:
        MolgenError: nothing fits the model, or the folder is taken.
    """
    check_free(run)
    name, fingerprint, records = _source(molecules, column)
    found = screen(model, records)
    if not found.smiles:
        raise MolgenError(f"nothing in {name} fits {model.name or 'the model'}: {found}")
    recipe, parent, start = _recipe_class(model), parent_of(model), _copied(model)
    data = {"name": name, "fingerprint": fingerprint, "molecules": len(found.smiles), "left_out": found.reasons}
    recipe.with_sizes(start, found.sizes, {**data, "parent": parent.model_dump()})
    start.sampling = model.sampling.model_copy(update={"temperature": _calm(model.sampling.temperature)})
    _write_molecules(run, found)
    if say is not None:
        say(f"{found}{f'; listed in {run / LEFT_OUT_FILE}' if found.left_out else ''}")
    held_out = _HELD_OUT if len(found.smiles) >= _LEAST_FOR_HOLDING_OUT else 0.0
    settings = {
        "family": model.family,
        "data": {
            "name": str((run / MOLECULES_FILE).resolve()),
            "split": {"seed": seed, "validation": held_out, "test": 0.0},
            **recipe.data_settings(model),
        },
        "optimiser": {
            "method": "muon",
            "batch_size": batch_size,
            "steps": steps,
            "minutes": minutes or (MINUTES if steps is None else None),
            "learning_rate": learning_rate,
            "warmup": 10,
            "ema": 0.98,
            "seed": seed,
            "validate_steps": _validate_steps(len(found.smiles), batch_size),
            "sampled_molecules": 0,
            "patience": 4 if held_out else None,
        },
    }
    config = recipe.model_validate(settings).starting_from(start, model.name)
    return fit(config.model_copy(update={"parent": parent}), run, start, on_ready=on_ready)


def fine_tune(
    model: Generator | str | Path,
    molecules: str | Path | Iterable[str],
    out: str | Path | None = None,
    **options: Any,
) -> Generator:
    """A generator that has gone on learning from a set of molecules.

    A tenth of the molecules is held out; the weights with the best likelihood of those are kept, and training stops
    when it no longer rises. Sizes are learned anew. Temperatures above 1 go back to 1. Molecules that do not fit the
    model are left out; how many and why is printed and stands in the result's ``config.data``.

    Args:
        model: a generator, the name of one that ships with molgen, or a model directory. It is not changed.
        molecules: a named set, a file, or SMILES.
        out: folder of the run, new; by default nothing is kept on disk.
        **options: ``minutes``, ``steps``, ``learning_rate``, ``batch_size``, ``seed`` and ``column`` of
            `fine_tune_run`.

    Raises:
        MolgenError: nothing fits the model, or the folder is taken.

    Example:
        >>> import molgen
        >>> mine = molgen.fine_tune("qm9-text", ["CCO", "CCCO", "CCCCO"], steps=2)
        >>> mine.config.data["molecules"]
        3
    """
    start = model if isinstance(model, Generator) else Generator.from_pretrained(model)
    options.setdefault("say", lambda text: print(text, file=sys.stderr, flush=True))
    with tempfile.TemporaryDirectory() as temporary:
        run = Path(temporary) / "run" if out is None else Path(out)
        fine_tune_run(start, molecules, run, **options)
        result: Generator = load_model(run / "model")
    return result.to(start.device)


def _copied(model: Generator) -> Generator:
    copied: Generator = type(model).from_config(model.config.model_dump())
    copied.load_state_dict(model.state_dict())
    return copied.to(model.device)


def _recipe_class(model: Generator) -> type[MoleculesRecipe]:
    recipe: type[MoleculesRecipe] = find_family(model.family).recipe_class()
    return recipe


def _source(molecules: str | Path | Iterable[str], column: str | None) -> tuple[str, str, Iterable[Record]]:
    """Name, fingerprint and records."""
    if isinstance(molecules, (str, Path)):
        source = find_source(str(molecules), column)
        return source.name, source.fingerprint(), source.records()
    texts = [text if isinstance(text, str) else "" for text in molecules]  # None and NaN are no molecules
    fingerprint = hashlib.sha256("\n".join(texts).encode()).hexdigest()
    return f"{len(texts):,} SMILES", fingerprint, [Record(number, text) for number, text in enumerate(texts, 1)]


def _calm(temperature: dict[str, float]) -> dict[str, float]:
    """Those below 1, which validity may rest on; those above 1 were chosen for variety, which blurs a narrow set."""
    return {kind: value for kind, value in temperature.items() if value < 1}


def _validate_steps(molecules: int, batch_size: int) -> int:
    fewest, most = _VALIDATE_STEPS
    return min(max(math.ceil(molecules / batch_size), fewest), most)


def _write_molecules(run: Path, found: Screened) -> None:
    try:
        run.mkdir(parents=True, exist_ok=True)
        (run / MOLECULES_FILE).write_text("\n".join(found.smiles) + "\n")
        if found.left_out:
            with (run / LEFT_OUT_FILE).open("w", newline="") as stream:
                writer = csv.writer(stream)
                writer.writerow(LeftOut._fields)
                writer.writerows(found.left_out)
    except OSError as error:
        raise MolgenError(f"cannot write to the folder {run}: {error.strerror}") from None
