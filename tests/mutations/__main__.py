"""Put each fault of a list into a copy of the project, one at a time, and see whether the tests of its area fail.

``python -m tests.mutations`` does all areas, ``python -m tests.mutations training splits`` those two. A list is a file
``AREA.toml`` of this folder: the tests of the area, and for each fault a name, a file, what stands there once, and what
is put in its place. The rest of the project is imported by a fresh process for each fault; only what others have
written (torch, RDKit, ...) is imported once.
"""

from __future__ import annotations

import importlib
import os
import shutil
import sys
import tempfile
import tomllib
from contextlib import suppress
from importlib.util import cache_from_source
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
LISTS = Path(__file__).parent
OTHERS = ("lightning", "matplotlib.pyplot", "pandas", "rdkit.Chem.Draw", "sklearn.ensemble", "torch_geometric", "fcd")
SECONDS = 120
"""After which a test counts as failed: a fault may make a loop endless."""
PASSED, FAILED = 0, 1
"""What pytest ends with."""


def copy_of_project(folder: Path) -> Path:
    """What tests need, without compiled files, which could be those of another state; data and git are links."""
    copy = folder / "project"
    for name in ("molgen", "tests", "benchmarks", "docs", "notebooks"):
        shutil.copytree(ROOT / name, copy / name, ignore=shutil.ignore_patterns("__pycache__"))
    for file in ROOT.iterdir():
        if file.is_file():
            shutil.copy(file, copy / file.name)
    (copy / "data").symlink_to(ROOT / "data")
    (folder / "shared").symlink_to(ROOT.parent / "shared")  # beside the project, where tests look for it
    return copy


def run_tests(project: Path, tests: list[str], log: Path) -> int:
    """What pytest ends with, in a process of its own."""
    child = os.fork()
    if child == 0:
        os.chdir(project)
        sys.path[0] = str(project)
        os.environ["PYTHONPATH"] = str(project)
        output = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
        for stream in (1, 2):
            os.dup2(output, stream)
        for name in [name for name in sys.modules if name.split(".")[0] in ("molgen", "tests")]:
            del sys.modules[name]
        code = int(pytest.main(["-x", "-p", "no:cacheprovider", "-m", "", f"--timeout={SECONDS}", *tests]))
        sys.stdout.flush()
        os._exit(code)
    status = os.waitpid(child, 0)[1]
    return FAILED if os.WIFSIGNALED(status) else os.waitstatus_to_exitcode(status)


def forget_compiled(file: Path) -> None:
    """Python takes a compiled file for that of a source of the same size and second."""
    with suppress(FileNotFoundError):
        Path(cache_from_source(str(file))).unlink()


def outcome(project: Path, fault: dict[str, Any], tests: list[str], log: Path) -> str:
    """``killed``, ``SURVIVED``, or what is wrong with the list."""
    file = project / fault["file"]
    text = file.read_text()
    if text.count(fault["before"]) != 1:
        return f"OUT OF DATE: its text stands {text.count(fault['before'])} times in {fault['file']}"
    file.write_text(text.replace(fault["before"], fault["after"]))
    forget_compiled(file)
    try:
        code = run_tests(project, tests, log)
    finally:
        file.write_text(text)
        forget_compiled(file)
    return {PASSED: "SURVIVED", FAILED: "killed"}.get(code, f"BROKEN: pytest ended with {code}")


def measure(area: str, project: Path, log: Path) -> tuple[int, int]:
    """Faults of an area, and how many were noticed."""
    listed = tomllib.loads((LISTS / f"{area}.toml").read_text())
    if run_tests(project, listed["tests"], log) != PASSED:
        raise SystemExit(f"{area}: the tests fail without any fault\n{log.read_text()}")
    killed = 0
    for fault in listed["fault"]:
        found = outcome(project, fault, fault.get("tests", listed["tests"]), log)
        killed += found == "killed"
        print(f"{area}: {fault['name']}: {found}", flush=True)
    return len(listed["fault"]), killed


def main(areas: list[str]) -> int:
    """Measure areas and print a table; 1 where a fault went unnoticed."""
    for name in OTHERS:
        importlib.import_module(name)
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        project = copy_of_project(Path(folder))
        os.environ["NUMBA_CACHE_DIR"] = str(Path(folder) / "numba")
        for area in areas or sorted(file.stem for file in LISTS.glob("*.toml")):
            rows.append((area, *measure(area, project, Path(folder) / "log")))
    print("| area | faults | noticed |\n|---|---|---|")
    print("\n".join(f"| {area} | {faults} | {killed} |" for area, faults, killed in rows))
    return int(any(faults != killed for _, faults, killed in rows))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
