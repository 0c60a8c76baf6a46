"""Put each fault of a list into a copy of the project, one at a time, and see whether the tests of its area fail.

``python -m tests.mutations`` does all areas, ``python -m tests.mutations training splits`` those two. A list is a file
``AREA.toml`` of this folder: the tests of the area, and for each fault a name, a file, what stands there once, and what
is put in its place. Each fault is tried in a process of its own, forked from one that has imported the project as it
is: what has changed, and all that imports it, is imported again. ``--results FILE`` keeps what was found of each fault,
so that a run that was stopped goes on: faults that stand there, with the same change, are not tried again.
"""

from __future__ import annotations

import ast
import csv
import hashlib
import importlib
import os
import pkgutil
import shutil
import sys
import tempfile
import tomllib
from collections.abc import Callable, Iterable
from contextlib import suppress
from importlib.util import cache_from_source
from pathlib import Path
from typing import Annotated, Any

import pytest
import typer

ROOT = Path(__file__).parents[2]
LISTS = Path(__file__).parent
OTHERS = ("fcd", "hypothesis", "matplotlib.figure", "pandas", "rdkit.Chem.Draw", "sklearn.ensemble", "xdist.plugin")
"""What tests import beside the project."""
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


Importers = dict[str, set[str]]
"""Of each module of the project, those that import it."""


def import_project() -> Importers:
    """Import all modules of the project, from the folder that comes first where Python looks."""
    for name in OTHERS:
        importlib.import_module(name)
    for module in pkgutil.walk_packages(importlib.import_module("molgen").__path__, "molgen."):
        if not module.name.endswith("__main__"):
            importlib.import_module(module.name)
    files = {name: str(part.__file__) for name, part in sys.modules.items() if name.split(".")[0] == "molgen"}
    importers: Importers = {name: set() for name in files}
    for name, file in files.items():
        for used in imported_by(Path(file).read_text(), files):
            importers[used].add(name)
    return importers


def forget(file: str, importers: Importers) -> None:
    """Drop the module of a file and all that import it, directly or not, so that they are imported again."""
    doomed, waiting = set(), [file.removesuffix(".py").removesuffix("/__init__").replace("/", ".")]
    while waiting:
        name = waiting.pop()
        if name not in doomed:
            doomed.add(name)
            waiting += importers[name]
    packages = {name: sys.modules[name.rpartition(".")[0]] for name in doomed if "." in name}
    for name in doomed:
        del sys.modules[name]
        if name in packages and hasattr(packages[name], name.rpartition(".")[2]):
            delattr(packages[name], name.rpartition(".")[2])


def imported_by(source: str, known: Iterable[str]) -> set[str]:
    """Modules, of those known, that a source imports, anywhere in it."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
    return found & set(known)


def run_tests(
    project: Path, tests: list[str], log: Path, seconds: int, prepare: Callable[[], None] = lambda: None
) -> int:
    """What pytest ends with, in a process of its own, the slow tests too.

    Args:
        project: copy to test.
        tests: files, or tests of files.
        log: gets the output.
        seconds: after which a test counts as failed: a fault may make a loop endless.
        prepare: called in that process.
    """
    child = os.fork()
    if child == 0:
        os.chdir(project)
        output = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
        for stream in (1, 2):
            os.dup2(output, stream)
        for name in [name for name in sys.modules if name.split(".")[0] == "tests"]:
            del sys.modules[name]
        prepare()
        code = int(pytest.main(["-x", "-m", "", "-n", "0", "-p", "no:cacheprovider", f"--timeout={seconds}", *tests]))
        sys.stdout.flush()
        os._exit(code)
    status = os.waitpid(child, 0)[1]
    return FAILED if os.WIFSIGNALED(status) else os.waitstatus_to_exitcode(status)


def forget_compiled(file: Path) -> None:
    """Python takes a compiled file for that of a source of the same size and second."""
    with suppress(FileNotFoundError):
        Path(cache_from_source(str(file))).unlink()


def outcome(
    project: Path, fault: dict[str, Any], tests: list[str], log: Path, importers: Importers, seconds: int
) -> str:
    """``killed``, ``SURVIVED``, or what is wrong with the list."""
    file = project / fault["file"]
    text = file.read_text()
    if text.count(fault["before"]) != 1:
        return f"OUT OF DATE: its text stands {text.count(fault['before'])} times in {fault['file']}"
    file.write_text(text.replace(fault["before"], fault["after"]))
    forget_compiled(file)
    try:
        code = run_tests(project, tests, log, seconds, lambda: forget(fault["file"], importers))
    finally:
        file.write_text(text)
        forget_compiled(file)
    return {PASSED: "SURVIVED", FAILED: "killed"}.get(code, f"BROKEN: pytest ended with {code}")


class Results:
    """What was found of each fault, in a table that grows line by line.

    Args:
        file: of the table; without one, nothing is kept.
    """

    def __init__(self, file: Path | None) -> None:
        self.file = file
        self.known: dict[str, str] = {}
        if file is not None and file.exists():
            with file.open() as lines:
                self.known = {row["change"]: row["found"] for row in csv.DictReader(lines)}

    @staticmethod
    def change(fault: dict[str, Any]) -> str:
        """A code of a fault as it is listed."""
        return hashlib.sha256(repr(sorted(fault.items())).encode()).hexdigest()[:16]

    def add(self, area: str, fault: dict[str, Any], found: str) -> None:
        self.known[self.change(fault)] = found
        if self.file is None:
            return
        new = not self.file.exists()
        with self.file.open("a", newline="") as lines:
            table = csv.writer(lines)
            if new:
                table.writerow(("area", "name", "change", "found"))
            table.writerow((area, fault["name"], self.change(fault), found))


def measure(
    area: str, project: Path, log: Path, importers: Importers, seconds: int, results: Results
) -> tuple[int, int]:
    """Faults of an area, and how many were noticed."""
    listed = tomllib.loads((LISTS / f"{area}.toml").read_text())
    waiting = [fault for fault in listed["fault"] if Results.change(fault) not in results.known]
    if waiting and run_tests(project, listed["tests"], log, 10 * seconds) != PASSED:
        raise SystemExit(f"{area}: the tests fail without any fault\n{log.read_text()}")
    for fault in waiting:
        found = outcome(project, fault, fault.get("tests", listed["tests"]), log, importers, seconds)
        results.add(area, fault, found)
        print(f"{area}: {fault['name']}: {found}", flush=True)
    return len(listed["fault"]), sum(results.known[Results.change(fault)] == "killed" for fault in listed["fault"])


app = typer.Typer(add_completion=False)


@app.command()
def main(
    areas: Annotated[list[str] | None, typer.Argument(help="Names of lists; by default all.")] = None,
    seconds: Annotated[int, typer.Option(help="Seconds after which a test with a fault counts as failed.")] = 300,
    results: Annotated[Path | None, typer.Option(help="Table (CSV) that keeps what was found, to go on later.")] = None,
) -> None:
    """Put faults into a copy of the project, one at a time; ends with 1 where tests did not notice one."""
    every = sorted(file.stem for file in LISTS.glob("*.toml"))
    unknown = set(areas or ()) - set(every)
    if unknown:
        raise typer.BadParameter(f"there is no area {', '.join(sorted(unknown))}; there are {', '.join(every)}")
    rows, kept = [], Results(results)
    with tempfile.TemporaryDirectory() as folder:
        project = copy_of_project(Path(folder))
        os.environ |= {"NUMBA_CACHE_DIR": str(Path(folder) / "numba"), "PYTHONPATH": str(project)}
        sys.path = [str(project), *(path for path in sys.path if Path(path).resolve() != ROOT)]
        importers = import_project()
        for area in areas or every:
            rows.append((area, *measure(area, project, Path(folder) / "log", importers, seconds, kept)))
    print("| area | faults | noticed |\n|---|---|---|")
    print("\n".join(f"| {area} | {faults} | {killed} |" for area, faults, killed in rows))
    raise typer.Exit(int(any(faults != killed for _, faults, killed in rows)))


if __name__ == "__main__":
    app()
