"""`molgen library`: what people type, what stops it, and what is wrong."""

from __future__ import annotations

import os
import resource
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from molgen.io import read_smiles
from molgen.library import Library
from tests.conftest import Run
from tests.unit.library.conftest import MODEL

ROOT = Path(__file__).parents[2]
BUILD = ("--model", MODEL, "--jobs", 1, "--shard-attempts", 64)


def start(*words: object, limit: int | None = None) -> subprocess.Popen[str]:
    """The command in a process of its own, whose files may have so many bytes."""
    return subprocess.Popen(
        [sys.executable, "-m", "molgen", *map(str, words)],
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        preexec_fn=None if limit is None else lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit)),
    )


def molecules(library: Library) -> list[str]:
    return list(library.query("SELECT smiles FROM molecules ORDER BY attempt")["smiles"])


@pytest.mark.slow
def test_build_info_query_merge(molgen: Run, tmp_path: Path) -> None:
    lib, more, both = (tmp_path / name for name in ("lib", "more", "both"))
    said = molgen("library", "build", lib, "-n", 40, *BUILD, "--filter", "qed > 0.3 and alerts_PAINS == 0").stderr
    assert "kept are molecules with ((QED > 0.3) AND (alerts_PAINS = 0))" in said and "drug-likeness" in said
    assert molgen("library", "build", more, "-n", 30, *BUILD, "--seed", 1, "--quiet").stderr == ""
    shown = molgen("library", "info", lib).stdout
    assert "40 of 40 (finished)" in shown and MODEL in shown and "qed > 0.3" in shown
    top = tmp_path / "top.csv"
    molgen("library", "query", lib, "SELECT smiles, qed FROM molecules ORDER BY qed DESC LIMIT 5", "-o", top)
    assert len(list(read_smiles(top))) == 5
    assert molgen("library", "query", lib, "SELECT count(*) AS n FROM molecules").stdout == '"n"\n40\n'
    picks = tmp_path / "picks.sdf"
    assert "5 molecules" in molgen("library", "pick", lib, "-n", 5, "--jobs", 1, "-o", picks).stderr
    assert len(list(read_smiles(picks))) == 5
    molgen("library", "merge", lib, more, "--out", both, "--jobs", 1)
    assert set(molecules(Library(both))) == set(molecules(Library(lib))) | set(molecules(Library(more)))
    molgen("library", "build", lib, "--resume", "-n", 50, "--jobs", 1)
    assert len(Library(lib)) == 50


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (("info", "."), 2, "is not a library"),
        (("query", "nowhere", "SELECT 1"), 2, "does not exist"),
        (("info", __file__), 2, "is a file, not the folder of a library"),
        (("build", "new"), 2, "say how many"),
        (("build", "new", "-n", 5, "--filter", "qedd > 1"), 2, "unknown column"),
        (("build", "new", "-n", 5, "--sampling", "steps"), 2, "--sampling takes settings"),
        (("build", "nowhere", "--resume"), 2, "does not exist"),
        (("build", "lib", "-n", 5), 2, "go on with it"),
        (("build", "lib", "--resume", "--seed", 1), 2, "--seed is that of the library"),
        (("query", "lib", "DROP TABLE molecules"), 2, "one SELECT"),
        (("query", "lib", "SELECT 1", "-o", "x.doc"), 2, "cannot write"),
        (("query", "lib", "SELECT list(smiles) FROM molecules", "-o", "x.csv"), 2, "'list(smiles)' holds list"),
        (("pick", "lib", "-o", "x.csv", "--cluster", "--score", "QED"), 2, "exclude each other"),
        (("pick", "lib", "-o", "x.csv", "--ascending"), 2, "ascending goes with a score"),
        (("pick", "lib", "-o", "x.csv", "--near", "nowhere.smi", "--within", 0.4), 2, "there is no file"),
        (("merge", "lib", "--out", "both"), 2, "two libraries"),
    ],
)
def test_what_is_wrong_is_said_in_one_line(
    molgen: Run, library_folder: Path, words: tuple[object, ...], code: int, said: str
) -> None:
    before = sorted(library_folder.parent.rglob("*"))
    result = molgen("library", *words, code=code, cwd=library_folder.parent)
    assert said in result.stderr and len(result.stderr.splitlines()) == 1
    assert sorted(library_folder.parent.rglob("*")) == before


def test_help_says_that_attempts_are_rounded_up(molgen: Run) -> None:
    said = " ".join(molgen("library", "build", "--help").stdout.replace("│", " ").split())
    assert "rounded up to whole files" in said


@pytest.mark.slow
def test_given_molecules_that_cannot_be_used_are_said(molgen: Run, library_folder: Path, tmp_path: Path) -> None:
    known = tmp_path / "known.smi"
    known.write_text("CCO\nC1CC\n")
    said = "molgen: warning: known.smi: 1 of 2 left out as unparsable; first: line 2, RDKit cannot read 'C1CC'"
    assert said in molgen("library", "build", tmp_path / "lib", "-n", 3, *BUILD, "--exclude", known).stderr.splitlines()
    near = ("--near", known, "--within", 1, "--jobs", 1, "-o", tmp_path / "picks.csv")
    assert said in molgen("library", "pick", library_folder, *near).stderr.splitlines()


@pytest.mark.slow
def test_a_filter_on_the_conditions_is_explained(molgen: Run, tmp_path: Path) -> None:
    asked = ("--model", "qm9-graph", "--sampling", "steps=4", "--atoms", "..7", "--jobs", 1)
    words = ("library", "build", tmp_path / "lib", "-n", 3, *asked, "--filter", "conditions like '%..7%'")
    assert "conditions: what the model was asked for" in molgen(*words).stderr
    words = ("library", "build", tmp_path / "none", "-n", 3, "--filter", "conditions like '%..7%'")
    assert "unknown column 'conditions'" in molgen(*words, code=2).stderr


@pytest.fixture(scope="module")
def library_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("folder") / "lib"
    Library(folder).build(20, model=MODEL, jobs=1, progress=False)
    return folder


@pytest.mark.slow
def test_a_full_disk_is_said_in_one_line_and_nothing_is_lost(tmp_path: Path) -> None:
    lib = tmp_path / "lib"
    process = start("library", "build", lib, "-n", 300, *BUILD[:4], "--shard-attempts", 200, limit=15_000)
    _, said = process.communicate(timeout=300)
    assert process.returncode == 1 and len(said.splitlines()) == 1 and "cannot write" in said, said
    made = Library(lib).resume(jobs=1, progress=False)
    assert len(made) == 300


@pytest.mark.slow
def test_sigterm_says_how_to_go_on(tmp_path: Path) -> None:
    lib = tmp_path / "lib"
    process = start("library", "build", lib, "-n", 1_000_000, *BUILD)
    wait_for(lambda: Library(lib).exists and len(Library(lib)) > 0)
    process.terminate()
    _, said = process.communicate(timeout=300)
    assert process.returncode == 128 + signal.SIGTERM and "Traceback" not in said
    assert f"molgen library build {lib} --resume" in said


@pytest.mark.slow
def test_of_two_builds_of_one_new_folder_one_wins(tmp_path: Path) -> None:
    lib = tmp_path / "lib"
    seeds = (3, 4)
    processes = [start("library", "build", lib, "-n", 100, *BUILD, "--seed", seed, "-q") for seed in seeds]
    said = [process.communicate(timeout=300)[1] for process in processes]
    codes = [process.returncode for process in processes]
    assert sorted(codes) == [0, 2] and said[codes.index(0)] == ""
    assert len(said[codes.index(2)].splitlines()) == 1 and "is a library; go on with it" in said[codes.index(2)]
    settings = Library(lib).manifest.settings
    assert settings is not None and settings.seed == seeds[codes.index(0)] and len(Library(lib)) == 100
    assert [path.name for path in tmp_path.iterdir()] == ["lib"]


@pytest.mark.slow
def test_kill_9_at_any_moment_loses_nothing(tmp_path: Path) -> None:
    lib, whole = tmp_path / "lib", tmp_path / "whole"
    same = ("--model", MODEL, "--shard-attempts", 25, "--seed", 3)
    process = start("library", "build", lib, "-n", 500, *same, "--jobs", 2)
    for kept in (50, 150, 300):
        wait_for(lambda least=kept: Library(lib).exists and len(Library(lib)) >= least)
        workers = psutil.Process(process.pid).children(recursive=True)
        process.send_signal(signal.SIGKILL)
        process.wait()
        assert len(workers) >= 2
        wait_for(lambda mine=workers: not any(map(alive, mine)))
        process = start("library", "build", lib, "--resume", "--jobs", 2)
    assert process.wait(timeout=300) == 0
    assert start("library", "build", whole, "-n", 500, *same, "--jobs", 1).wait(timeout=300) == 0
    files = [sorted((folder / "shards").iterdir()) for folder in (lib, whole)]
    assert [file.name for file in files[0]] == [file.name for file in files[1]]
    assert all(a.read_bytes() == b.read_bytes() for a, b in zip(*files, strict=True))
    assert len(set(molecules(Library(lib)))) == 500


def alive(process: psutil.Process) -> bool:
    return process.is_running() and process.status() != psutil.STATUS_ZOMBIE


def wait_for(condition: object, seconds: float = 300) -> None:
    end = time.monotonic() + seconds
    while not condition():  # type: ignore[operator]
        assert time.monotonic() < end, "waited too long"
        time.sleep(0.05)
