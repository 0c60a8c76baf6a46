"""An optimisation with a folder of its own, that can be resumed after any stop."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from pathlib import Path

from pydantic import BaseModel, ConfigDict, ValidationError

from molgen.errors import MolgenError, UsageError
from molgen.models.generator import Generator
from molgen.optimisation.checkpoint import STATE_FILE, restore, save
from molgen.optimisation.config import OptimiserConfig
from molgen.optimisation.optimise import Optimiser, work
from molgen.optimisation.result import Optimised, Point
from molgen.scoring.benchmarks import find_score
from molgen.system.files import whole_file

SETTINGS_FILE = "settings.json"
MODEL_FOLDER = "model"
_EVERY = 60.0
"""Seconds between writings of the state."""


class RunSettings(BaseModel):
    """What a run was begun with.

    Attributes:
        model: name of a shipped model, or a model directory.
        score: path of a ``score.toml``, or the name of a task.
        fragment: that every molecule contains.
        timeout: seconds that one call of a function may take.
        optimiser: all settings.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    model: str
    score: str
    fragment: str | None = None
    timeout: float | None = None
    optimiser: OptimiserConfig = OptimiserConfig()

    @classmethod
    def read(cls, folder: Path) -> RunSettings:
        """Those of a folder.

        Raises:
            UsageError: it has none.
        """
        try:
            return cls.model_validate_json((folder / SETTINGS_FILE).read_text())
        except (OSError, ValidationError):
            raise UsageError(f"{folder} is not the folder of an optimisation; start without --resume") from None


def run(
    settings: RunSettings,
    folder: Path,
    *,
    resume: bool = False,
    calls: int | None = None,
    progress: bool | Callable[[Point], object] = True,
) -> tuple[Optimised, int | None]:
    """Optimise, and keep the state in a folder.

    Args:
        settings: of the run; where it is resumed, those of the folder.
        folder: of the run; new, or else resumed.
        resume: go on where the folder stands.
        calls: other than in the settings.
        progress: see `molgen.optimisation.optimise`.

    Returns:
        What was found, and the signal that stopped the run early, or None.

    Raises:
        UsageError: the folder is taken, or there is nothing to resume.
        Failed: the score failed; it holds what had been found.
    """
    if calls is not None:
        optimiser_settings = settings.optimiser.model_copy(update={"calls": calls})
        settings = settings.model_copy(update={"optimiser": optimiser_settings})
    if not resume and (folder / STATE_FILE).exists():
        raise UsageError(f"{folder} holds an optimisation; pass --resume to go on with it, or choose another name")
    model = Generator.from_pretrained(settings.model)
    optimiser = Optimiser(model, find_score(settings.score), settings.optimiser, settings.fragment, settings.timeout)
    if resume:
        restore(optimiser, folder)
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise MolgenError(f"cannot write to the folder {folder}: {error.strerror}") from None
    with whole_file(folder / SETTINGS_FILE) as temporary:
        temporary.write_text(json.dumps(settings.model_dump(mode="json"), indent=1) + "\n")
    saver = _Saver(optimiser, folder)
    stopped = work(optimiser, progress, saver)
    save(optimiser, folder)
    optimiser.agent.save_pretrained(folder / MODEL_FOLDER, overwrite=True)
    return optimiser.result(), stopped


class _Saver:
    """Writes the state now and then.

    Args:
        optimiser: whose state.
        folder: to write to.
    """

    def __init__(self, optimiser: Optimiser, folder: Path) -> None:
        self.optimiser, self.folder = optimiser, folder
        self.written = time.monotonic()

    def __call__(self) -> None:
        if time.monotonic() - self.written > _EVERY:
            save(self.optimiser, self.folder)
            self.written = time.monotonic()
