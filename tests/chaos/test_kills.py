"""Each verb killed at moments drawn by a seed: no half file, no litter, no worker left, and it can be done again."""

from __future__ import annotations

import os
import pty
import random
import re
import select
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import psutil
import pytest
import torch

import molgen as package
from molgen.library import Library
from molgen.models.loading import load_model
from molgen.optimisation.checkpoint import STATE_FILE

ROOT = Path(__file__).parents[2]
SEED, ROUNDS = int(os.environ.get("MOLGEN_CHAOS_SEED", "0")), int(os.environ.get("MOLGEN_CHAOS", "1"))
SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGKILL)
PATIENCE = 120
MINUTE = re.compile(rb"\d{4}-\d\d-\d\d \d\d:\d\d UTC")

pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="signals and folders are those of Linux")

CONFIG = "[network]\nwidth = 32\nlayers = 1\nheads = 2\ndropout = 0.1\n[optimiser]\nbatch_size = 16\nwarmup = 2\n"
CONFIG += "validation_molecules = 8\nsampled_molecules = 0\nsave_minutes = 0.005\n"
PLAN = '[[rows]]\nname = "words"\nfamily = "autoregressive"\nsamplings = [{}, { temperature = 0.9 }]\n'
PLAN += "settings.network = { width = 32, layers = 1, heads = 2, dropout = 0.1 }\n"
PLAN += "settings.optimiser = { batch_size = 16, warmup = 2, validation_molecules = 8, sampled_molecules = 0, "
PLAN += "save_minutes = 0.005, steps = 30 }\n"
OPTIMISING = ("--calls", "80", "--settings", "batch=16 replay=4 updates=2 learning_calls=40")


Words = tuple[str, ...]


@dataclass(frozen=True)
class Verb:
    """A command and what it leaves.

    Attributes:
        words: of the command.
        results: patterns of files that are the same at each repetition.
        again: words for the second time, after a kill, of the folder and the words of the first time.
        part: whether a signal that can be caught leaves the beginning of a result.
        grows: whether results are worked on until the end, so that before it they may be others.
        given: by its name, a folder that the command finds: a shipped model, or a verb and the folder that it left.
        printed: whether what is printed is the same at each repetition.
    """

    words: Words
    results: Words
    again: Callable[[Path, Words], Words]
    part: bool = False
    grows: bool = False
    given: dict[str, str | tuple[str, str]] = field(default_factory=dict)
    printed: bool = False


def _overwrite(folder: Path, words: Words) -> Words:
    return (*words, "--overwrite")


def _same(folder: Path, words: Words) -> Words:
    return words


def _resume_training(folder: Path, words: Words) -> Words:
    """Where there is something to resume; else what has begun is put away by the user."""
    if (folder / "run" / "last.ckpt").exists():
        return (*words[: 1 if words[0] == "finetune" else 2], "--out", "run", "--resume")
    if (folder / "run").exists():
        shutil.rmtree(folder / "run")
    return words


def _resume_comparison(folder: Path, words: Words) -> Words:
    return (*words, "--resume")


def _merge_again(folder: Path, words: Words) -> Words:
    """What has begun is put away by the user."""
    if (folder / "both").exists():
        shutil.rmtree(folder / "both")
    return words


def _resume_library(folder: Path, words: Words) -> Words:
    return ("library", "build", "lib", "--resume", "--jobs", "2") if Library(folder / "lib").exists else words


def _resume_optimising(folder: Path, words: Words) -> Words:
    begun = (folder / "best" / STATE_FILE).exists()
    return ("optimise", "-o", "best.csv", "-n", "10", "--resume") if begun else (*words, "--overwrite")


WEIGHTS = "run/model/model.safetensors"
TRAIN = ("--data", "data.smi", "--out", "run", "--config", "config.toml", "--steps", "30")
VERBS = {
    "view": Verb(("view", "data.smi", "-o", "out.png"), ("out.png",), _overwrite),
    "data info": Verb(("data", "info", "data.smi", "--jobs", "2"), (), _same),  # its table has the folder in it
    "evaluate": Verb(
        ("evaluate", "data.smi", "--suite", "moses", "--only", "valid,IntDiv,Filters", "--jobs", "2", "-o", "out.csv"),
        ("out.csv",),
        _overwrite,
    ),
    "generate": Verb(
        ("generate", "-n", "40", "--model", "qm9-text", "-o", "out.smi"), ("out.smi",), _overwrite, part=True
    ),
    "likelihood": Verb(("likelihood", "data.smi", "--model", "qm9-ar", "-o", "out.csv"), ("out.csv",), _overwrite),
    "score": Verb(("score", "data.smi", "--score", "pmo/qed", "-o", "out.csv"), ("out.csv",), _overwrite),
    "train": Verb(("train", "autoregressive", *TRAIN), (WEIGHTS,), _resume_training, grows=True),
    "train graphs": Verb(("train", "graph-autoregressive", *TRAIN), (WEIGHTS,), _resume_training, grows=True),
    "train stream": Verb(
        ("train", "stream", "--data", "text.txt", *TRAIN[2:]), (WEIGHTS,), _resume_training, grows=True
    ),
    "finetune": Verb(
        ("finetune", "qm9-ar", "data.smi", "--out", "run", "--steps", "6"), (WEIGHTS,), _resume_training, grows=True
    ),
    "compare": Verb(
        ("compare", "--data", "data.smi", "--out", "cmp", "--config", "plan.toml", "--budget", "1h", "--attempts", "9"),
        ("cmp/plan.json", "cmp/words-0/run/model/model.safetensors", "cmp/words-0/samples-*.smi"),
        _resume_comparison,
        grows=True,
    ),
    "tune": Verb(
        ("tune", "model", "--reference", "data.smi", "--attempts", "9", "--try", "top_p=0.9", "--try", "top_p=1"),
        ("model/tuning.*",),  # a second tune begins from the settings that the first has stored
        _same,
        grows=True,
        given={"model": "qm9-text"},
    ),
    "optimise": Verb(
        ("optimise", "--score", "pmo/qed", "--model", "qm9-ar", "-o", "best.csv", "-n", "10", *OPTIMISING),
        ("best.csv", "best/model/model.safetensors"),
        _resume_optimising,
        grows=True,
    ),
    "library build": Verb(
        ("library", "build", "lib", "-n", "90", "--model", "qm9-text", "--jobs", "2", "--shard-attempts", "16"),
        ("lib/shards/*.parquet",),
        _resume_library,
        grows=True,
    ),
    "dialogue": Verb(
        ("dialogue", "write", "--model", "model", "--tokens", "400"),
        (),
        _same,
        given={"model": ("train stream", "run/model")},
        printed=True,
    ),
    "train dialogue": Verb(
        ("train", "dialogue", "--data", "pairs.tsv", *TRAIN[2:]), (WEIGHTS,), _resume_training, grows=True
    ),
    "dialogue chat": Verb(
        ("dialogue", "chat", "--model", "model", "--prompt", "what comes after 3?", "--replies", "40"),
        (),
        _same,
        given={"model": ("train dialogue", "run/model")},
        printed=True,
    ),
    "library pick": Verb(
        ("library", "pick", "lib", "-n", "20", "--jobs", "2", "-o", "picks.sdf"),
        ("picks.sdf",),
        _overwrite,
        given={"lib": ("library build", "lib")},
    ),
    "library merge": Verb(
        ("library", "merge", "lib", "other", "-o", "both", "--jobs", "2"),
        ("both/*/*.parquet",),
        _merge_again,
        grows=True,
        given={"lib": ("library build", "lib"), "other": ("library build", "lib")},
    ),
    "report": Verb(("report", "data.smi", "-o", "report.html", "--jobs", "2"), ("report.html",), _overwrite),
    "fit": Verb(
        ("fit", "activity.csv", "--column", "activity", "--out", "qsar"), ("qsar/*.csv", "qsar/*.json"), _overwrite
    ),
}


@dataclass
class Place:
    """Folders of one command, so that whatever it leaves is seen.

    Attributes:
        folder: of all.
        given: folders that are copied into the working folder, by their names there.
    """

    folder: Path
    given: dict[str, Path] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for name in ("work", "tmp", "cache"):
            (self.folder / name).mkdir(parents=True)
        molecules = [f"C{'C' * (n % 5)}{'ON'[n % 2]}C{'(C)' * (n % 3)}{'CO' * (n // 30)}" for n in range(120)]
        (self.work / "data.smi").write_text("\n".join(molecules) + "\n")
        (self.work / "config.toml").write_text(CONFIG)
        (self.work / "plan.toml").write_text(PLAN)
        (self.work / "text.txt").write_text("".join(f"line {n} of {n % 7} lines\n" for n in range(400)))
        pairs = "".join(f"what comes after {n}?\t{n + 1}\n" for n in range(60))
        (self.work / "pairs.tsv").write_text(pairs)
        activities = "".join(f"{smiles},{len(smiles) + n % 3}\n" for n, smiles in enumerate(molecules))
        (self.work / "activity.csv").write_text(f"smiles,activity\n{activities}")
        for name, source in self.given.items():
            shutil.copytree(source, self.work / name)

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

    def run(self, *words: str) -> str:
        process = self.start(*words)
        printed, said = process.communicate(timeout=600)
        assert process.returncode == 0, said
        return printed

    def results(self, verb: Verb) -> dict[str, bytes]:
        """Content of files, without the minute at which a report was made."""
        found = [path for pattern in verb.results for path in self.work.glob(pattern)]
        return {str(path.relative_to(self.work)): MINUTE.sub(b"", path.read_bytes()) for path in sorted(found)}

    def unfinished(self) -> list[Path]:
        return [path for path in self.folder.rglob("*") if ".partial" in path.name or ".tmp." in path.name]

    def litter(self) -> list[str]:
        """What no user asked for: unfinished files, anything temporary."""
        # The folder of torchinductor is a cache of PyTorch's.
        temporary = [path for path in (self.folder / "tmp").iterdir() if not path.name.startswith("torchinductor")]
        return [str(path.relative_to(self.folder)) for path in (*self.unfinished(), *temporary)]


def in_shared_memory() -> set[str]:
    return {path.name for path in Path("/dev/shm").iterdir()}


def left_in_shared_memory(before: set[str]) -> set[str]:
    """What came since and stays; other tests at the same time use it too, and a tracker of Python's clears it late."""
    left, deadline = in_shared_memory() - before, time.monotonic() + PATIENCE
    while left and time.monotonic() < deadline:
        time.sleep(0.05)
        left &= in_shared_memory()
    return left


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


@dataclass
class Straight:
    """A command that nobody stops.

    Attributes:
        results: what it leaves.
        printed: on stdout.
        seconds: that it takes.
        work: folder that it worked in.
        given: folders that were there when it began.
    """

    results: dict[str, bytes]
    printed: str
    seconds: float
    work: Path
    given: dict[str, Path]


@pytest.fixture(scope="module")
def straight(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Straight]:
    """What each command does that nobody stops."""
    known: dict[str, Straight] = {}

    def get(name: str) -> Straight:
        if name not in known:
            verb = VERBS[name]
            given = {
                folder: ROOT / "data" / "models" / source
                if isinstance(source, str)
                else get(source[0]).work / source[1]
                for folder, source in verb.given.items()
            }
            place, begin = Place(tmp_path_factory.mktemp("straight") / "place", given), time.monotonic()
            printed = place.run(*verb.words)
            seconds = time.monotonic() - begin
            known[name] = Straight(place.results(verb), printed, seconds, place.work, given)
            assert all(list(place.work.glob(pattern)) for pattern in verb.results) and not place.litter()
        return known[name]

    return get


def kill(name: str, number: signal.Signals, moment: float, place: Place, expected: dict[str, bytes] | None) -> bool:
    """Kill a command at a moment, and look; whether it was still at work.

    Args:
        name: of the verb.
        number: of the signal.
        moment: seconds after it was started.
        place: where.
        expected: results when nobody stops it, if known.
    """
    verb, before = VERBS[name], in_shared_memory()
    process, deadline = place.start(*verb.words), time.monotonic() + moment
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
    assert not left_in_shared_memory(before)
    if expected is not None and not verb.grows:
        for file, content in place.results(verb).items():
            whole = content == expected[file] or (verb.part and number != signal.SIGKILL)
            assert whole and expected[file].startswith(content), file
    if number != signal.SIGKILL:  # which nobody can clean up after
        assert not place.litter(), (place.litter(), said)
    for model in (path.parent for path in place.work.rglob("model.safetensors") if ".partial" not in str(path)):
        assert load_model(model)
    if Library(place.work / "lib").exists:
        assert len(Library(place.work / "lib").shards) <= len(Library(place.work / "lib").notes)
    return at_work


def _before_molgen(said: str) -> bool:
    """Whether Python itself was stopped while it was importing, before the command could begin."""
    return "KeyboardInterrupt" in said and "in main" not in said


def repeat(name: str, place: Place, reference: Straight) -> None:
    """Do it again, or resume, with the same results, and nothing unfinished left."""
    verb = VERBS[name]
    printed = place.run(*verb.again(place.work, verb.words))
    assert place.results(verb) == reference.results
    assert not verb.printed or printed == reference.printed
    assert not place.unfinished()


def moments() -> Iterator[tuple[str, signal.Signals, float]]:
    """Verbs, signals and moments: each verb by one signal, which the seed shifts; in several rounds by all signals."""
    random_numbers = random.Random(SEED)
    for _ in range(ROUNDS):
        for turn, name in enumerate(VERBS):
            for number in SIGNALS if ROUNDS > 1 else (SIGNALS[(turn + SEED) % len(SIGNALS)],):
                yield name, number, random_numbers.uniform(0.05, 1.0)


@pytest.mark.parametrize(
    "name", ["score", *(pytest.param(name, marks=pytest.mark.slow) for name in ("library build", "optimise"))]
)
def test_a_command_that_is_ended_leaves_nothing_unfinished(name: str, tmp_path: Path) -> None:
    """Some verbs, by one signal each at one moment, in the fast suite."""
    draw = random.Random(f"{name} {SEED}")
    kill(name, draw.choice(SIGNALS[:3]), draw.uniform(0.5, 3.0), Place(tmp_path / "place"), None)


@pytest.mark.slow
@pytest.mark.timeout(3600)
@pytest.mark.parametrize(("name", "number", "share"), list(moments()))
def test_whatever_is_killed_can_be_done_again(
    name: str, number: signal.Signals, share: float, straight: Callable[[str], Straight], tmp_path: Path
) -> None:
    reference = straight(name)
    place = Place(tmp_path / "place", reference.given)
    at_work = kill(name, number, share * reference.seconds, place, reference.results)
    print("killed", name, number.name, f"{share:.2f}", "at work" if at_work else "finished before")
    repeat(name, place, reference)


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
