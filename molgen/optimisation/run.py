"""An optimisation with a folder of its own, that can be resumed after any stop."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from pathlib import Path

from pydantic import BaseModel, ConfigDict, ValidationError

from molgen.errors import MolgenError, UsageError
from molgen.models.directory import find_model, read_header, short
from molgen.models.generator import Generator
from molgen.optimisation.checkpoint import STATE_FILE, restore, save
from molgen.optimisation.config import OptimiserConfig
from molgen.optimisation.optimise import Failed, work
from molgen.optimisation.optimiser import Optimiser
from molgen.optimisation.result import Optimised, Point
from molgen.optimisation.start import Start
from molgen.scoring.benchmarks import load_score
from molgen.system.faults import first_fault
from molgen.system.files import sha256, whole_file
from molgen.system.locks import held

SETTINGS_FILE = "settings.json"
MODEL_FOLDER = "model"
_LOCK_FILE = ".lock"
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
        start_sha256: of the file of molecules to begin from, once it has been read.
        weights_sha256: of the model, once it has been looked at.
        score_sha256: see `molgen.scoring.score.Score.digest`; likewise.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    model: str
    score: str
    fragment: str | None = None
    start: str | None = None
    optimiser: OptimiserConfig = OptimiserConfig()
    start_sha256: str | None = None
    weights_sha256: str | None = None
    score_sha256: str | None = None

    @classmethod
    def read(cls, folder: Path) -> RunSettings:
        """Those of a folder.

        Raises:
            UsageError: it has none.
        """
        file = folder / SETTINGS_FILE
        if not file.is_file():
            raise UsageError(f"{folder} is not the folder of an optimisation; start without --resume")
        try:
            given = json.loads(file.read_text("utf-8"))
            return cls.model_validate(given)
        except ValidationError as error:
            why = first_fault(error, cls, given)
        except (OSError, ValueError) as error:
            why = short(error)
        raise UsageError(f"{file} cannot be used: {why}; start another run with a name of its own")

    def identified(self, begins: bool = True) -> RunSettings:
        """With the hashes of the model, of the score and of the molecules to begin from.

        Args:
            begins: whether the molecules to begin from are still to be read.

        Raises:
            UsageError: there is no such model or score, or one is not what the run was begun with, or the file is not.
            MolgenError: the file cannot be read.
        """
        now = {
            "weights_sha256": (self.model, read_header(find_model(self.model)).weights_sha256),
            "score_sha256": (self.score, load_score(self.score).digest),
        }
        if self.start is not None and begins:
            if not Path(self.start).is_file():
                raise UsageError(f"there is no file {self.start}")
            now["start_sha256"] = (self.start, sha256(Path(self.start)))
        for name, (what, found) in now.items():
            if getattr(self, name) not in (None, found):
                raise UsageError(f"{what} is not what the run was begun with; start another one with a name of its own")
        return self.model_copy(update={name: found for name, (_, found) in now.items()})


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
    settings = settings.identified(begins=not resume)
    model = Generator.from_pretrained(settings.model)
    begun = None if resume else settings.start if start is None else start  # what is left of them is in the state
    optimiser = Optimiser(model, load_score(settings.score), settings.optimiser, settings.fragment, start=begun)
    if resume:
        restore(optimiser, folder)
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise MolgenError(f"cannot write to the folder {folder}: {error.strerror}") from None
    with held(folder / _LOCK_FILE, f"another process works in {folder}; wait for it, or stop it"):
        if not resume:
            (folder / STATE_FILE).unlink(missing_ok=True)  # it is not of the settings that come now
        with whole_file(folder / SETTINGS_FILE) as temporary:
            temporary.write_text(json.dumps(settings.model_dump(mode="json"), indent=1) + "\n", "utf-8")
        stopped = _worked(optimiser, folder, progress)
        optimiser.agent.save_pretrained(folder / MODEL_FOLDER, overwrite=True)
    return optimiser.result(), stopped


def _worked(optimiser: Optimiser, folder: Path, progress: bool | Callable[[Point], object]) -> int | None:
    """Work to the end, and keep the state whatever happens; the signal that stopped it."""
    try:
        stopped = work(optimiser, progress, _Saver(optimiser, folder))
    except Failed as failed:
        if len(optimiser.memory):
            try:
                save(optimiser, folder)
            except MolgenError as error:  # what was found is still delivered
                raise Failed(f"{failed}; and {error}", failed.found) from failed
        raise
    save(optimiser, folder)
    return stopped


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
