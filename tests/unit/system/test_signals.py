"""A program that is asked to end cleans up, and what it has started ends with it."""

from __future__ import annotations

import importlib
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from molgen.system.signals import Ended, ending_by_exception

ROOT = Path(__file__).parents[3]
LINUX = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="only Linux ends processes with their parent")

WORKING = """
import os
import time
from molgen.system.workers import isolated_map

def slow(item):
    os.write(1, b"begun\\n")
    time.sleep(60)
    return item

list(isolated_map(slow, range(4), jobs=2, chunk=1))
"""

STARTING = """
import multiprocessing.util
import os
import sys
from molgen.library.engines.local import Local
from molgen.system.signals import Ended, ending_by_exception

launch, launches, number = multiprocessing.util.spawnv_passfds, [], int(sys.argv[2])

def launch_and_signal(*args):
    process = launch(*args)
    launches.append(process)
    if len(launches) == int(sys.argv[1]):
        os.killpg(0, number)  # all processes, as a terminal does
    return process

multiprocessing.util.spawnv_passfds = launch_and_signal
try:
    with ending_by_exception(), Local(2) as engine:
        list(engine.map(abs, [(-1,), (-2,)]))
except (Ended, KeyboardInterrupt):
    print(*launches)
"""


def gone(processes: list[psutil.Process], seconds: float = 30) -> bool:
    """Whether all have ended within some seconds."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if all(not one.is_running() or one.status() == psutil.STATUS_ZOMBIE for one in processes):
            return True
        time.sleep(0.05)
    return False


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_a_signal_becomes_an_exception_for_a_block(number: signal.Signals) -> None:
    cleaned, before = [], signal.getsignal(number)
    with pytest.raises(Ended) as found, ending_by_exception():
        try:
            signal.raise_signal(number)
            time.sleep(1)
        finally:
            cleaned.append(True)
    assert cleaned and found.value.number == number and signal.getsignal(number) is before


@pytest.mark.parametrize(
    ("number", "raised", "consequence"),
    [
        (signal.SIGTERM, Ended, RecursionError("of a module that was being imported")),
        (signal.SIGINT, KeyboardInterrupt, RecursionError("the same")),
        (signal.SIGINT, KeyboardInterrupt, SystemExit(1)),
    ],
)
def test_errors_that_follow_from_a_signal_do_not_hide_it(
    number: signal.Signals, raised: type[BaseException], consequence: BaseException
) -> None:
    before = signal.getsignal(number)
    with pytest.raises(raised), ending_by_exception():
        try:
            signal.raise_signal(number)
            time.sleep(1)
        except raised:
            raise consequence from None
    assert signal.getsignal(number) is before


@pytest.mark.parametrize(("number", "raised"), [(signal.SIGTERM, Ended), (signal.SIGINT, KeyboardInterrupt)])
def test_a_signal_waits_until_a_module_is_imported(
    number: signal.Signals, raised: type[BaseException], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = f"import signal, time\nsignal.raise_signal({int(number)})\ntime.sleep(0.1)\nwhole = True\n"
    (tmp_path / "signalled.py").write_text(source)
    monkeypatch.syspath_prepend(tmp_path)
    imported = None
    with pytest.raises(raised), ending_by_exception():
        imported = importlib.import_module("signalled")
        for _ in range(500):
            time.sleep(0.01)  # which a signal that another thread receives does not end
        pytest.fail("no signal came again")
    assert imported is not None and imported.whole
    sys.modules.pop("signalled")


def test_an_ignored_signal_stays_ignored() -> None:
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        with ending_by_exception():
            signal.raise_signal(signal.SIGHUP)  # nohup
    finally:
        signal.signal(signal.SIGHUP, before)


@LINUX
@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
def test_workers_end_with_their_parent(number: signal.Signals, tmp_path: Path) -> None:
    process = subprocess.Popen(
        [sys.executable, "-c", WORKING],
        stdout=subprocess.PIPE,
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        start_new_session=True,
    )
    assert process.stdout is not None
    assert process.stdout.readline() == b"begun\n" and process.stdout.readline() == b"begun\n"
    children = psutil.Process(process.pid).children(recursive=True)
    assert len(children) >= 2
    process.send_signal(number)
    process.stdout.close()
    assert process.wait(60) == -number
    assert gone(children)


@pytest.mark.slow
@LINUX
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
@pytest.mark.parametrize("launch", [2, 3])  # after a tracker of Python's
def test_a_signal_waits_until_all_workers_are_started(launch: int, number: signal.Signals, tmp_path: Path) -> None:
    """A worker that is half begun would be left, and say on stderr what it no longer finds."""
    program = subprocess.run(
        [sys.executable, "-c", STARTING, str(launch), str(int(number))],
        capture_output=True,
        text=True,
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        timeout=60,
        start_new_session=True,
    )
    assert program.returncode == 0 and not program.stderr
    processes = [int(process) for process in program.stdout.split()]
    assert len(processes) == 3
    assert gone([psutil.Process(process) for process in processes if psutil.pid_exists(process)])
