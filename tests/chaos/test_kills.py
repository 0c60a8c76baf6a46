"""Each verb killed at moments drawn by a seed: no half file, no litter, no worker left, and it can be done again."""

from __future__ import annotations

import os
import pty
import random
import select
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import psutil
import pytest
import torch

import molgen as package

ROOT = Path(__file__).parents[2]
SEED, ROUNDS = int(os.environ.get("MOLGEN_CHAOS_SEED", "0")), int(os.environ.get("MOLGEN_CHAOS", "1"))
SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGKILL)
PATIENCE = 120

pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="signals and folders are those of Linux")

CONFIG = "[network]\nwidth = 32\nlayers = 1\nheads = 2\ndropout = 0.1\n[optimiser]\nbatch_size = 16\nwarmup = 2\n"
CONFIG += "validation_molecules = 8\nsampled_molecules = 0\nsave_minutes = 0.005\n"


@dataclass(frozen=True)
class Verb:
    """A command and what it leaves.

    Attributes:
        words: of the command.
        results: files that are the same at each repetition.
        again: words for the second time, after a kill.
        part: whether Ctrl-C leaves the beginning of a result.
    """

    words: tuple[str, ...]
    results: tuple[str, ...]
    again: Callable[[Path], tuple[str, ...]]
    part: bool = False


def _overwrite(folder: Path) -> tuple[str, ...]:
    return ("--overwrite",)


def _resume(folder: Path) -> tuple[str, ...]:
    """Where there is something to resume; else what has begun is put away by the user."""
    if (folder / "run" / "last.ckpt").exists():
        return ("RESUME",)
    if (folder / "run").exists():
        subprocess.run(["rm", "-r", str(folder / "run")], check=True)
    return ()


def _same(folder: Path) -> tuple[str, ...]:
    return ()


WEIGHTS = "run/model/model.safetensors"
TRAIN = ("--data", "data.smi", "--out", "run", "--config", "config.toml", "--steps", "30")
VERBS = {
    "view": Verb(("view", "data.smi", "-o", "out.png"), ("out.png",), _overwrite),
    "data info": Verb(("data", "info", "data.smi", "--jobs", "2"), (), _same),
    "evaluate": Verb(
        ("evaluate", "data.smi", "--suite", "moses", "--only", "valid,IntDiv,Filters", "--jobs", "2", "-o", "out.csv"),
        ("out.csv",),
        _overwrite,
    ),
    "generate": Verb(
        ("generate", "-n", "40", "--model", "qm9-text", "-o", "out.smi"),
        ("out.smi",),
        _overwrite,
        part=True,
    ),
    "likelihood": Verb(("likelihood", "data.smi", "--model", "qm9-ar", "-o", "out.csv"), ("out.csv",), _overwrite),
    "train": Verb(("train", "autoregressive", *TRAIN), (WEIGHTS,), _resume),
    "train graphs": Verb(("train", "graph-autoregressive", *TRAIN), (WEIGHTS,), _resume),
    "finetune": Verb(("finetune", "qm9-ar", "data.smi", "--out", "run", "--steps", "6"), (WEIGHTS,), _resume),
}


@dataclass
class Place:
    """Folders of one command, so that whatever it leaves is seen."""

    folder: Path

    def __post_init__(self) -> None:
        for name in ("work", "tmp", "cache"):
            (self.folder / name).mkdir(parents=True)
        molecules = [f"C{'C' * (n % 5)}{'ON'[n % 2]}C{'(C)' * (n % 3)}{'CO' * (n // 30)}" for n in range(120)]
        (self.folder / "work" / "data.smi").write_text("\n".join(molecules) + "\n")
        (self.folder / "work" / "config.toml").write_text(CONFIG)

    @property
    def work(self) -> Path:
        return self.folder / "work"

    def start(self, *words: str) -> subprocess.Popen[str]:
        env = {**os.environ, "PYTHONPATH": str(ROOT), "TMPDIR": str(self.folder / "tmp")}
        env |= {"MOLGEN_CACHE": str(self.folder / "cache"), "OMP_NUM_THREADS": "1"}
        return subprocess.Popen(
            [sys.executable, "-m", "molgen", *words],
            cwd=self.work,
            env=env,
            text=True,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            start_new_session=True,
        )

    def run(self, *words: str) -> None:
        process = self.start(*words)
        _, said = process.communicate(timeout=600)
        assert process.returncode == 0, said

    def results(self, verb: Verb) -> dict[str, bytes]:
        return {name: (self.work / name).read_bytes() for name in verb.results if (self.work / name).exists()}

    def litter(self) -> list[str]:
        """What no user asked for: unfinished files, anything temporary."""
        unfinished = [path for path in self.folder.rglob("*") if ".partial" in path.name or ".tmp." in path.name]
        # The folder of torchinductor is a cache of PyTorch's.
        temporary = [path for path in (self.folder / "tmp").iterdir() if not path.name.startswith("torchinductor")]
        return [str(path.relative_to(self.folder)) for path in (*unfinished, *temporary)]


def in_shared_memory() -> set[str]:
    return {path.name for path in Path("/dev/shm").iterdir()}


def family(process: subprocess.Popen[str]) -> list[psutil.Process]:
    try:
        return psutil.Process(process.pid).children(recursive=True)
    except psutil.NoSuchProcess:
        return []


def alive(processes: list[psutil.Process]) -> list[psutil.Process]:
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        left = [one for one in processes if one.is_running() and one.status() != psutil.STATUS_ZOMBIE]
        if not left:
            return []
        time.sleep(0.05)
    return left


@pytest.fixture(scope="module")
def straight(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], tuple[Place, float]]:
    """A command that nobody stops, and how long it takes."""
    known: dict[str, tuple[Place, float]] = {}

    def get(name: str) -> tuple[Place, float]:
        if name not in known:
            place, begin = Place(tmp_path_factory.mktemp("straight") / "place"), time.monotonic()
            place.run(*VERBS[name].words)
            known[name] = place, time.monotonic() - begin
            assert len(place.results(VERBS[name])) == len(VERBS[name].results) and not place.litter()
        return known[name]

    return get


def kill(
    name: str, number: signal.Signals, share: float, place: Place, expected: dict[str, bytes], seconds: float
) -> bool:
    """Kill a command after a share of its time, and look; whether it was still at work."""
    verb, before = VERBS[name], in_shared_memory()
    process, deadline, children = place.start(*verb.words), time.monotonic() + share * seconds, []
    while time.monotonic() < deadline and process.poll() is None:
        time.sleep(0.02)
    children = family(process)
    process.send_signal(number)
    _, said = process.communicate(timeout=PATIENCE)
    at_work = process.returncode != 0
    if at_work:
        assert process.returncode in (-number, 128 + number), (process.returncode, said)
    assert "Traceback" not in said or _before_molgen(said), said
    assert not alive(children)
    assert in_shared_memory() <= before
    for file, content in place.results(verb).items():
        if not file.startswith("run/"):
            whole = content == expected[file] or (verb.part and number == signal.SIGINT)
            assert whole and expected[file].startswith(content), file
    if number != signal.SIGKILL:  # which nobody can clean up after
        assert not place.litter(), (place.litter(), said)
    elif (place.work / "run" / "model").exists():
        assert package.load(place.work / "run" / "model")
    return at_work


def _before_molgen(said: str) -> bool:
    """Whether Python itself was stopped while it was importing, before the command could begin."""
    return "KeyboardInterrupt" in said and "in main" not in said


def repeat(name: str, place: Place, expected: dict[str, bytes]) -> None:
    """Do it again, or resume, with the same results."""
    verb = VERBS[name]
    more = verb.again(place.work)
    if more == ("RESUME",):
        words = (
            (*verb.words[:2], "--out", "run", "--resume")
            if name != "finetune"
            else ("finetune", "--out", "run", "--resume")
        )
        place.run(*words)
    else:
        place.run(*verb.words, *more)
    assert place.results(verb) == expected


def moments() -> Iterator[tuple[str, signal.Signals, float]]:
    random_numbers = random.Random(SEED)
    for _ in range(ROUNDS):
        for name in VERBS:
            for number in SIGNALS:
                yield name, number, random_numbers.uniform(0.05, 1.0)


@pytest.mark.slow
def test_a_scoring_that_is_ended_leaves_nothing(straight: Callable[[str], tuple[Place, float]], tmp_path: Path) -> None:
    """One verb and one signal, in the fast suite."""
    reference, seconds = straight("evaluate")
    kill("evaluate", signal.SIGTERM, 0.9, Place(tmp_path / "place"), reference.results(VERBS["evaluate"]), seconds)


@pytest.mark.slow
@pytest.mark.timeout(3600)
@pytest.mark.parametrize(("name", "number", "share"), list(moments()))
def test_whatever_is_killed_can_be_done_again(
    name: str, number: signal.Signals, share: float, straight: Callable[[str], tuple[Place, float]], tmp_path: Path
) -> None:
    reference, seconds = straight(name)
    place, expected = Place(tmp_path / "place"), reference.results(VERBS[name])
    at_work = kill(name, number, share, place, expected, seconds)
    print("killed", name, number.name, f"{share:.2f}", "at work" if at_work else "finished before")
    repeat(name, place, expected)


@pytest.mark.slow
def test_a_terminal_that_closes_ends_training_after_it_is_saved(tmp_path: Path) -> None:
    place = Place(tmp_path / "place")
    words = ("train", "autoregressive", "--data", "data.smi", "--out", "run", "--config", "config.toml")
    child, terminal = pty.fork()
    if not child:
        os.chdir(place.work)
        os.environ |= {"PYTHONPATH": str(ROOT), "MOLGEN_CACHE": str(place.folder / "cache")}
        os.execv(sys.executable, [sys.executable, "-m", "molgen", *words, "--steps", "100000"])
    deadline = time.monotonic() + PATIENCE
    while not list(place.work.glob("run/last.ckpt")) and time.monotonic() < deadline:
        while select.select([terminal], [], [], 0.1)[0]:
            os.read(terminal, 4096)
    before = torch.load(place.work / "run" / "last.ckpt", weights_only=True)["global_step"]
    os.close(terminal)
    _, status = os.waitpid(child, 0)
    assert os.waitstatus_to_exitcode(status) == 128 + signal.SIGHUP
    assert torch.load(place.work / "run" / "last.ckpt", weights_only=True)["global_step"] >= before > 0
    assert package.load(place.work / "run" / "model") and not place.litter()
