"""Progress is shown on terminals by default, and nowhere else; `progress` changes it."""

from __future__ import annotations

import os
import pty
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import nbformat
import pytest
from nbclient import NotebookClient

import molgen
from molgen.system.progress import Bar

SMALL = {"network": {"width": 16, "layers": 1, "heads": 2}, "optimiser": {"sampled_molecules": 0}}
MOLECULES = ["C" * n for n in range(1, 30)]


def attempts(**options: Any) -> None:
    molgen.load("qm9-ar").attempts(20, **options)


def generate(**options: Any) -> None:
    molgen.load("qm9-ar").generate(5, **options)


def evaluate(**options: Any) -> None:
    molgen.evaluate(["CCO"] * 150, only="validity", jobs=1, **options)


def train(**options: Any) -> None:
    molgen.train("autoregressive", MOLECULES, config=SMALL, steps=3, **options)


def fine_tune(**options: Any) -> None:
    molgen.fine_tune("qm9-ar", MOLECULES[:8], steps=3, **options)


def build(**options: Any) -> None:
    with TemporaryDirectory() as folder:
        known = Path(folder) / "known.smi"
        known.write_text("CCO\nCCN\n")
        molgen.Library(Path(folder) / "lib").build(2, model="qm9-text", nearest=known, jobs=1, **options)


def fine_tune_method(**options: Any) -> None:
    molgen.load("qm9-ar").fine_tune(MOLECULES[:8], steps=3, **options)


LABELS: dict[Callable[..., None], str] = {
    attempts: "sampling",
    generate: "sampling",
    evaluate: "evaluating  describing attempts",
    train: "training",
    build: "library",
    fine_tune: "training",
    fine_tune_method: "training",
}


@contextmanager
def terminal(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """Make stderr a terminal; what was shown on it is in the list after the block."""
    master, slave = pty.openpty()
    shown, pieces = list[str](), list[bytes]()

    def read() -> None:
        try:
            while piece := os.read(master, 65536):
                pieces.append(piece)
        except OSError:  # the other end is closed
            pass

    reader = threading.Thread(target=read)
    reader.start()
    with os.fdopen(slave, "w") as stream, monkeypatch.context() as patch:
        patch.setattr(sys, "stderr", stream)
        patch.setenv("COLUMNS", "200")
        patch.setenv("TERM", "xterm")
        yield shown
    reader.join()
    os.close(master)
    shown.append(b"".join(pieces).decode())


@pytest.mark.slow
@pytest.mark.parametrize("function", LABELS, ids=lambda function: function.__name__)
def test_a_bar_on_a_terminal_unless_it_is_not_wanted(
    function: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    with terminal(monkeypatch) as shown:
        function()
    assert LABELS[function] in shown[0]
    with terminal(monkeypatch) as shown:
        function(progress=False)
    assert shown == [""]


@pytest.mark.slow
@pytest.mark.parametrize("function", LABELS, ids=lambda function: function.__name__)
def test_nothing_elsewhere(function: Callable[..., None], capfd: pytest.CaptureFixture[str]) -> None:
    function()
    assert capfd.readouterr() == ("", "")


def test_a_callable_is_called_instead(monkeypatch: pytest.MonkeyPatch) -> None:
    counts: list[int] = []
    stages: list[tuple[str, int]] = []
    shares: list[float] = []
    with terminal(monkeypatch) as shown:
        attempts(progress=counts.append)
        evaluate(progress=lambda label, done: stages.append((label, done)))
        train(progress=shares.append)
        fine_tune(progress=shares.append)
    assert shown == [""]
    assert sum(counts) == 20
    assert ("describing attempts", 100) in stages
    assert shares == pytest.approx([0.0, 1 / 3, 1.0] * 2)


def test_a_bar_shows_text_as_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    with terminal(monkeypatch) as shown:
        bar = Bar("reading", total=10)
        bar.start()
        bar.update("[red]c1cc[nH]c1", completed=3)
        bar.advance(4)
        bar.stop()
    assert "reading  [red]c1cc[nH]c1" in shown[0] and "7/10" in shown[0]


@pytest.mark.slow
def test_a_bar_in_a_notebook() -> None:
    load = "import molgen\nmodel = molgen.load('qm9-continuous')"
    cells = [load, "a = model.attempts(200)", "a = model.attempts(200, progress=False)"]
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in cells])
    NotebookClient(notebook, timeout=300, kernel_name="python3").execute()
    shown = [[output["output_type"] for output in cell.outputs] for cell in notebook.cells]
    assert shown == [[], ["display_data"], []]
    assert notebook.cells[1].outputs[0]["data"]["text/html"] == ""  # it is gone when the work is done
