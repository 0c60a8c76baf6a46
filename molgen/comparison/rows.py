"""Training, sampling and scoring of a plan. Every result is kept on disk, so that an interrupted run continues."""

from __future__ import annotations

import math
import shutil
from collections.abc import Callable
from functools import cache, partial
from itertools import islice
from pathlib import Path
from statistics import mean, stdev
from typing import Any

import torch

from molgen.comparison.plan import Plan, Row
from molgen.comparison.scored import reference_for, sample_and_score
from molgen.comparison.table import Likelihood, Measured
from molgen.datasets import load_dataset
from molgen.datasets.encoded import EncodedDataset
from molgen.errors import MolgenError, UsageError
from molgen.evaluation import Reference
from molgen.models.generator import Generator
from molgen.models.registry import find_family
from molgen.system.files import whole_file
from molgen.system.hardware import keep_memory
from molgen.text.tokenizers import SmilesTokenizer
from molgen.training.display import EVERYTHING, Display
from molgen.training.folder import CHECKPOINT_FILE
from molgen.training.run import train

PLAN_FILE = "plan.json"
_DRAWS = 8
_SAMPLING_SEED = 1_000_000


class Stopped(Exception):
    """Training was stopped by a signal; what was done is on disk.

    Args:
        number: of the signal.
    """

    def __init__(self, number: int) -> None:
        super().__init__("stopped and saved; resume=True continues the comparison")
        self.number = number


def measure(plan: Plan, out: Path, display: Display = EVERYTHING) -> list[Measured]:
    """Train, sample and score every row of a plan; results already in `out` are used again.

    Args:
        plan: what is compared.
        out: folder with a folder for each row and seed.
        display: what is shown; of the comparison itself a line per step.

    Raises:
        Stopped: Ctrl-C or SIGTERM during training; nothing is lost.
        UsageError: `out` holds a comparison on other data, for another time, or of other rows under the same name.
        MolgenError: something cannot be trained or measured.
    """
    keep_memory()
    _claim(plan, out)
    dataset = load_dataset(plan.data)
    reference = reference_for(dataset, plan.split)
    tokens = mean(len(SmilesTokenizer.split(text)) + 1 for text in dataset.smiles(plan.split))
    found: list[Measured] = []
    for seed in plan.seeds:
        for row in plan.rows:
            folder = out / f"{row.name}-{seed}"
            model = cache(
                partial(_trained, plan, row, seed, folder, display)
            )  # loaded only if something is left to measure
            likelihood = _likelihood(plan, dataset, model, tokens, folder, display)
            for sampling in row.samplings:
                found.append(_measured(plan, row, seed, folder, model, likelihood, sampling, reference, display))
    return found


def _claim(plan: Plan, out: Path) -> None:
    """Write the plan to the folder, or check that the plan there has the same data, time and rows."""
    file = out / PLAN_FILE
    if file.exists():
        try:
            former = Plan.model_validate_json(file.read_text())
        except ValueError:
            raise MolgenError(f"{file} is damaged; choose another folder") from None
        rows = {row.name: (row.family, row.settings) for row in former.rows}
        same = all(rows.get(row.name, (row.family, row.settings)) == (row.family, row.settings) for row in plan.rows)
        if (former.data, former.minutes) != (plan.data, plan.minutes) or not same:
            raise UsageError(f"{out} holds another comparison ({former.data}, {former.minutes:g} minutes each)")
    out.mkdir(parents=True, exist_ok=True)
    with whole_file(file) as temporary:
        temporary.write_text(plan.model_dump_json(indent=1) + "\n")


def _trained(plan: Plan, row: Row, seed: int, folder: Path, display: Display) -> Generator:
    run, done = folder / "run", folder / "trained"
    if not done.exists():
        if run.exists() and not (run / CHECKPOINT_FILE).exists():  # stopped before the first checkpoint
            shutil.rmtree(run)
        display.line(f"{row.name}, seed {seed}: training for {plan.minutes:g} minutes")
        stopped = train(plan.run(row, seed), run, resume=(run / CHECKPOINT_FILE).exists(), display=display)
        if stopped is not None:
            raise Stopped(stopped)
        done.touch()
    return Generator.from_pretrained(run / "model")


def _likelihood(
    plan: Plan, dataset: EncodedDataset, model: Callable[[], Generator], tokens: float, folder: Path, display: Display
) -> Likelihood:
    file = folder / f"likelihood-{plan.split}-{plan.molecules}.json"
    if file.exists():
        return Likelihood.model_validate_json(file.read_text())
    generator = model()
    display.line(f"{folder.name}: likelihood of {plan.split} molecules")
    costs: list[float] = []
    share = math.ceil(dataset.report.splits[plan.split] / plan.molecules)
    with torch.no_grad():
        recipe = find_family(generator.family).recipe_class()
        for batch in recipe.held_out(generator, dataset, plan.split, share):
            costs += generator.estimate(batch, _DRAWS).tolist()
    found = Likelihood(
        nats=sum(costs) / len(costs),
        error=stdev(costs) / len(costs) ** 0.5 if len(costs) > 1 else None,
        molecules=len(costs),
        tokens=tokens,
    )
    with whole_file(file) as temporary:
        temporary.write_text(found.model_dump_json(indent=1) + "\n")
    return found


def _measured(
    plan: Plan,
    row: Row,
    seed: int,
    folder: Path,
    model: Callable[[], Generator],
    likelihood: Likelihood,
    overrides: dict[str, Any],
    reference: Reference,
    display: Display,
) -> Measured:
    label = " ".join(f"{name}={value}" for name, value in overrides.items())
    file = folder / f"samples-{plan.split}-{plan.attempts}-{label.replace(' ', ',') or 'default'}.json"
    if file.exists():
        return Measured.model_validate_json(file.read_text())
    generator = model()
    display.line(f"{folder.name}: {plan.attempts:,} attempts, {label or 'default'}")
    scored = sample_and_score(generator, plan.attempts, _SAMPLING_SEED + seed, overrides, reference, display.bars)
    found = Measured(
        row=row.name,
        seed=seed,
        sampling=label,
        parameters=sum(parameter.numel() for parameter in generator.parameters()),
        likelihood=likelihood,
        attempts=plan.attempts,
        calls=scored.attempts.calls,
        seconds=scored.seconds,
        **scored.metrics,
    )
    with whole_file(file) as temporary:
        temporary.write_text(found.model_dump_json(indent=1) + "\n")
    with whole_file(file.with_suffix(".smi")) as temporary:
        temporary.write_text("".join(f"{text}\n" for text in islice(scored.attempts, 1000)))
    return found
