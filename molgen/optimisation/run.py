"""An optimisation with a folder of its own, that can be resumed after any stop."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from pathlib import Path

from pydantic import BaseModel, ConfigDict, ValidationError

from molgen.errors import MolgenError, UsageError
from molgen.models.directory import find_model, read_header
from molgen.models.generator import Generator
from molgen.optimisation.checkpoint import STATE_FILE, restore, save
from molgen.optimisation.config import OptimiserConfig
from molgen.optimisation.optimise import Failed, Optimiser, work
from molgen.optimisation.result import Optimised, Point
from molgen.optimisation.start import Start
from molgen.scoring.benchmarks import load_score
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
        start: path of a file of molecules to begin from.
        optimiser: all settings.
        weights_sha256: of the model, once it has been looked at.
        score_sha256: see `molgen.scoring.score.Score.digest`; likewise.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    model: str
    score: str
    fragment: str | None = None
    start: str | None = None
    optimiser: OptimiserConfig = OptimiserConfig()
    weights_sha256: str | None = None
    score_sha256: str | None = None

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

    def identified(self) -> RunSettings:
        """With the hashes of the model and of the score.

        Raises:
            UsageError: there is no such model or score, or it is not the one that the run was begun with.
        """
        now = {
            "weights_sha256": read_header(find_model(self.model)).weights_sha256,
            "score_sha256": load_score(self.score).digest,
        }
        for name, what in (("weights_sha256", self.model), ("score_sha256", self.score)):
            if getattr(self, name) not in (None, now[name]):
                raise UsageError(f"{what} is not what the run was begun with; start another one with a name of its own")
        return self.model_copy(update=now)


def run(
    settings: RunSettings,
    folder: Path,
    *,
    resume: bool = False,
    overwrite: bool = False,
    calls: int | None = None,
    start: Start | None = None,
    progress: bool | Callable[[Point], object] = True,
) -> tuple[Optimised, int | None]:
    """Optimise, and keep the state in a folder.

    Args:
        settings: of the run; where it is resumed, those of the folder.
        folder: of the run; new, or else resumed.
        resume: go on where the folder stands.
        overwrite: begin anew where the folder holds another run.
        calls: other than in the settings.
        start: molecules of the file that the settings name, where they have been read.
        progress: see `molgen.optimisation.optimise`.

    Returns:
        What was found, and the signal that stopped the run early, or None.

    Raises:
        UsageError: the folder is taken, there is nothing to resume, or the model or the score is another one.
        Failed: a step failed; it holds what had been found.
    """
    if calls is not None:
        optimiser_settings = settings.optimiser.model_copy(update={"calls": calls})
        settings = settings.model_copy(update={"optimiser": optimiser_settings})
    if not resume:
        check_free(folder, overwrite)
    settings = settings.identified()
    model = Generator.from_pretrained(settings.model)
    begun = None if resume else start or settings.start  # what is left of them is in the state
    optimiser = Optimiser(model, load_score(settings.score), settings.optimiser, settings.fragment, start=begun)
    if resume:
        restore(optimiser, folder)
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise MolgenError(f"cannot write to the folder {folder}: {error.strerror}") from None
    if not resume:
        (folder / STATE_FILE).unlink(missing_ok=True)  # it is not of the settings that come now
    with whole_file(folder / SETTINGS_FILE) as temporary:
        temporary.write_text(json.dumps(settings.model_dump(mode="json"), indent=1) + "\n")
    saver = _Saver(optimiser, folder)
    try:
        stopped = work(optimiser, progress, saver)
    except Failed:
        if len(optimiser.memory):
            save(optimiser, folder)
        raise
    save(optimiser, folder)
    optimiser.agent.save_pretrained(folder / MODEL_FOLDER, overwrite=True)
    return optimiser.result(), stopped


def check_free(folder: Path, overwrite: bool) -> None:
    """Refuse a folder that holds anything but a run that never finished a step, or one that may be overwritten.

    Raises:
        UsageError: it holds something else.
    """
    if overwrite and _is_run(folder):
        return
    if (folder / STATE_FILE).exists():
        raise UsageError(
            f"{folder} holds an optimisation; pass --resume to go on with it, --overwrite to begin anew, or choose "
            "another name"
        )
    if folder.exists() and not (folder.is_dir() and all(_is_begun(path.name) for path in folder.iterdir())):
        raise UsageError(f"{folder}, where the run would be kept, holds something else; choose another name")


def _is_run(folder: Path) -> bool:
    """Whether it is the folder of a run, whose first state may be missing."""
    try:
        RunSettings.read(folder)
    except UsageError:
        return False
    return True


def _is_begun(name: str) -> bool:
    """Whether a run that was killed before its first state leaves a file of this name."""
    return name == SETTINGS_FILE or name.startswith(".")


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
