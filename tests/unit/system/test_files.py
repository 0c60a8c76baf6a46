"""Files and folders: whole or absent, whatever ends a process; those of the cache made once, whoever comes."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import FrameType

import pytest

from molgen.errors import MolgenError, UsageError
from molgen.system.files import make_once, passing_folder, whole_file, whole_folder
from molgen.system.signals import Ended

WRITING = """
import sys, time
from pathlib import Path
from molgen.system.files import whole_file, whole_folder

with whole_file(Path("out.smi")) as file, whole_folder(Path("out")) as folder:
    file.write_text("half")
    (folder / "half").touch()
    print("written", flush=True)
    time.sleep(600)
"""


@pytest.fixture
def writing(tmp_path: Path) -> Iterator[subprocess.Popen[str]]:
    """A process that is at writing ``out.smi`` and ``out/``."""
    process = subprocess.Popen([sys.executable, "-c", WRITING], cwd=tmp_path, text=True, stdout=subprocess.PIPE)
    assert process.stdout is not None and process.stdout.readline() == "written\n"
    yield process
    process.kill()
    process.wait()
    process.stdout.close()


def names(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


def write_both(folder: Path) -> None:
    with whole_file(folder / "out.smi") as file, whole_folder(folder / "out", overwrite=True, mark="former") as made:
        file.write_text("whole")
        (made / "whole").touch()


def test_what_a_killed_process_left_goes_with_the_next_writing(writing: subprocess.Popen[str], tmp_path: Path) -> None:
    assert len(names(tmp_path)) == 2
    writing.kill()
    writing.wait()
    assert len(names(tmp_path)) == 2  # nothing can be cleaned up after SIGKILL
    others = {".partial.out.smi", f".{'0' * 8}-{writing.pid}.partial.out.smi", "out.smi.txt"}
    others |= {
        next(iter(names(tmp_path))).split(".partial")[0] + end for end in (".partial.out.smi2", ".partial.in.smi")
    }
    for name in others:  # of other machines, other outputs, other programs
        (tmp_path / name).touch()
    write_both(tmp_path)
    assert names(tmp_path) == {"out.smi", "out", *others}
    assert (tmp_path / "out.smi").read_text() == "whole" and names(tmp_path / "out") == {"whole"}


def test_a_folder_that_came_meanwhile_is_not_replaced(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="out exists"), whole_folder(tmp_path / "out") as made:
        (made / "mine").touch()
        (tmp_path / "out").mkdir()
        (tmp_path / "out" / "theirs").touch()
    assert names(tmp_path) == {"out"} and names(tmp_path / "out") == {"theirs"}


def test_what_a_running_process_writes_stays(writing: subprocess.Popen[str], tmp_path: Path) -> None:
    before = names(tmp_path)
    write_both(tmp_path)
    assert names(tmp_path) == {"out.smi", "out", *before}


def test_a_cache_folder_that_was_killed_half_way_goes_when_it_is_made(tmp_path: Path) -> None:
    child = os.fork()
    if not child:

        def end(folder: Path) -> None:
            (folder / "half").touch()
            os.kill(os.getpid(), signal.SIGKILL)

        make_once(tmp_path / "entry", "last", end)
    os.waitpid(child, 0)
    assert [name for name in names(tmp_path) if ".partial." in name]
    make_once(tmp_path / "entry", "last", lambda folder: (folder / "last").touch())
    assert names(tmp_path) <= {"entry", ".entry.lock"}


def test_of_several_one_makes_it_and_the_others_wait(tmp_path: Path) -> None:
    made = []

    def make(folder: Path) -> None:
        made.append(folder)
        time.sleep(0.05)
        (folder / "last").write_text("whole")

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda _: make_once(tmp_path / "entry", "last", make), range(4)))
    assert len(made) == 1 and (tmp_path / "entry" / "last").read_text() == "whole"
    assert {path.name for path in tmp_path.iterdir()} <= {"entry", ".entry.lock"}


def test_the_first_that_is_finished_wins_where_there_are_no_locks(tmp_path: Path) -> None:
    entry = tmp_path / "entry"

    def make(folder: Path) -> None:
        entry.mkdir()  # as another process would, meanwhile
        (entry / "last").write_text("first")
        (folder / "last").write_text("second")

    make_once(entry, "last", make)
    assert (entry / "last").read_text() == "first"


def test_a_folder_that_is_not_whole_is_replaced(tmp_path: Path) -> None:
    entry = tmp_path / "entry"
    entry.mkdir()
    (entry / "half").touch()
    make_once(entry, "last", lambda folder: (folder / "last").touch())
    assert [path.name for path in entry.iterdir()] == ["last"]


def test_nothing_is_left_of_a_failure(tmp_path: Path) -> None:
    def fail(folder: Path) -> None:
        (folder / "half").touch()
        raise MolgenError("nothing in there can be used")

    with pytest.raises(MolgenError, match="can be used"):
        make_once(tmp_path / "entry", "last", fail)
    assert not (tmp_path / "entry").exists() and not [name for name in names(tmp_path) if ".partial." in name]


def made_in_passing(folder: Path) -> None:
    with passing_folder(folder) as made:
        (made / "more").mkdir()


def made_once(folder: Path) -> None:
    make_once(folder / "once", "last", lambda made: (made / "last").touch())


def ended_at(line: int, work: Callable[[Path], None], folder: Path) -> bool:
    """Do work, and raise what a signal does when so many lines of the module, or of shutil, have been run."""
    left = line

    def look(frame: FrameType, event: str, _: object) -> object:
        nonlocal left
        if not frame.f_code.co_filename.endswith(("system/files.py", "shutil.py")):
            return None
        left -= event == "line"
        if left < 0:
            sys.settrace(None)
            raise Ended(signal.SIGTERM)
        return look

    before = sys.gettrace()
    sys.settrace(look)
    try:
        work(folder)
    except (Ended, OSError, MolgenError):  # `shutil` closes a file twice when it is interrupted at closing it
        return True
    finally:
        sys.settrace(before)
    return False


@pytest.mark.parametrize("work", [made_in_passing, made_once, write_both])
def test_at_whatever_line_a_signal_comes_nothing_is_left_and_nothing_lost(
    work: Callable[[Path], None], tmp_path: Path
) -> None:
    """Each line is one moment; of what is written over, the former or the new one stays."""
    line = 0
    while True:
        folder = tmp_path / str(line)
        (folder / "out").mkdir(parents=True)
        (folder / "out" / "former").touch()
        ended = ended_at(line, work, folder)
        assert names(folder) <= {"out", "out.smi", "once", ".once.lock"}, line
        assert names(folder / "out") in ({"former"}, {"whole"}), line
        if not ended:
            break
        line += 1
    assert line > 10
