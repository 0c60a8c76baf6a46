"""molgen as a user installs it: the wheel has all it needs, and the examples of the pages pass a strict type check."""

from __future__ import annotations

import subprocess
import sys
import sysconfig
import tarfile
import venv
import zipfile
from pathlib import Path

import pytest

from molgen.models.directory import shipped_models
from tests.integration.test_documented_commands import PAGES, ROOT, blocks

pytestmark = pytest.mark.slow


def run(*command: object, cwd: Path) -> str:
    """Standard output of a command that must succeed, without this checkout on its path."""
    words = [str(word) for word in command]
    result = subprocess.run(words, capture_output=True, text=True, cwd=cwd, env={"PATH": "/usr/bin:/bin"})
    assert result.returncode == 0, result.stdout + result.stderr
    return result.stdout


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The source distribution."""
    folder = tmp_path_factory.mktemp("source")
    run(sys.executable, "-m", "build", "--sdist", "--no-isolation", "--outdir", folder, ROOT, cwd=folder)
    return next(folder.glob("*.tar.gz"))


@pytest.fixture(scope="module")
def wheel(source: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, made from the source distribution as by those who have nothing else."""
    folder = tmp_path_factory.mktemp("wheel")
    run(sys.executable, "-m", "tarfile", "-e", source, folder, cwd=folder)  # by the default filter of each version
    unpacked = next(path for path in folder.iterdir() if path.is_dir())
    run(sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", folder, unpacked, cwd=folder)
    return next(folder.glob("*.whl"))


@pytest.fixture(scope="module")
def python(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The interpreter of an environment with the wheel; what it depends on is that of this environment."""
    folder = tmp_path_factory.mktemp("user")
    venv.create(folder, with_pip=False, symlinks=True)
    made = folder / "bin" / "python"
    pip = (sys.executable, "-I", "-m", "pip", "--python", made, "install", "--quiet", "--no-deps", "--no-index", wheel)
    run(*pip, cwd=folder)
    packages = next(folder.glob("lib/python*/site-packages"))
    (packages / "dependencies.pth").write_text(f"{sysconfig.get_path('purelib')}\n")
    return made


def test_the_source_has_what_is_under_version_control_and_nothing_else(source: Path) -> None:
    with tarfile.open(source) as archive:
        names = {"/".join(Path(name).parts[1:]) for name in archive.getnames()}
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"], capture_output=True, text=True, cwd=ROOT
    )
    if listed.returncode:
        pytest.skip("no clone")
    known = set(listed.stdout.splitlines())
    assert {name for name in known if not name.startswith(".")} <= names
    assert names - known <= {"PKG-INFO", ".gitignore"}


def test_the_wheel_has_what_molgen_needs(wheel: Path) -> None:
    names = set(zipfile.ZipFile(wheel).namelist())
    modules = {path.relative_to(ROOT).as_posix() for path in (ROOT / "molgen").rglob("*.py")}
    data = {
        path for folder in ("alerts", "models", "qm9", "references") for path in (ROOT / "data" / folder).rglob("*")
    }
    assert modules | {"molgen/py.typed"} <= names
    assert {f"molgen/{path.relative_to(ROOT).as_posix()}" for path in data if path.is_file()} <= names
    assert not [name for name in names if name.startswith(("tests/", "docs/", "molgen/cli/__pycache__"))]


def test_what_is_installed_generates_and_scores(python: Path, tmp_path: Path) -> None:
    script = (
        "import molgen\n"
        "print(molgen.__file__)\n"
        f"for name in {list(shipped_models())}:\n"
        "    print(name, len(molgen.load(name).attempts(2)))\n"
        "print(molgen.evaluate(['CCO', 'C1CC'], suite='medchem'))\n"
    )
    shown = run(python, "-c", script, cwd=tmp_path).splitlines()
    assert Path(shown[0]).is_relative_to(python.parents[1])
    assert shown[1 : 1 + len(shipped_models())] == [f"{name} 2" for name in shipped_models()]


def test_the_command_works_elsewhere_without_the_source(python: Path, tmp_path: Path) -> None:
    command = python.parent / "molgen"
    run(command, "generate", "-n", 5, "--model", "qm9-graph", "--steps", 20, "-o", "five.smi", cwd=tmp_path)
    assert len((tmp_path / "five.smi").read_text().split()) == 5
    assert "validity" in run(command, "evaluate", "five.smi", cwd=tmp_path)
    run(command, "view", "five.smi", "-o", "five.png", cwd=tmp_path)
    assert (tmp_path / "five.png").read_bytes().startswith(b"\x89PNG")


def test_documented_python_passes_mypy_strict(python: Path, tmp_path: Path) -> None:
    found = [(page, body) for page in PAGES for body in blocks(page, "python")]
    assert len(found) > 5
    files = []
    for number, (page, body) in enumerate(found):
        files.append(tmp_path / f"example{number}_{page.stem.lower().replace('-', '_')}.py")
        files[-1].write_text(body)
    wrong = tmp_path / "wrong.py"
    wrong.write_text("import molgen\nmolgen.load('qm9-text').generate(5, stepz=3)\n")
    cache = tmp_path / "cache"
    options = ("--strict", "--python-executable", python, "--cache-dir", cache, "--config-file", "")
    run(sys.executable, "-m", "mypy", *options, *files, cwd=tmp_path)
    with pytest.raises(AssertionError, match="stepz"):  # the types are seen
        run(sys.executable, "-m", "mypy", *options, wrong, cwd=tmp_path)
