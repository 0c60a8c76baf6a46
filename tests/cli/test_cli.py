"""The command line as a user meets it."""

from __future__ import annotations

import json
import os
import pty
import re
import shutil
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

import pandas
import pytest
from rdkit import Chem
from typer.testing import CliRunner

from molgen.cli.main import app
from molgen.errors import MolgenError
from molgen.io import read_smiles
from molgen.models.generator import Generator
from molgen.models.results import Attempts, Interrupted
from molgen.system.files import whole_file, whole_folder
from tests.conftest import Run

ROOT = Path(__file__).parents[2]


def test_help_and_import_are_instant() -> None:
    for code in (
        "import molgen",
        "import sys; sys.argv = ['molgen', '--help']; from molgen.cli.main import main; main()",
    ):
        best = 9.0
        for _ in range(3):
            start = time.perf_counter()
            subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, cwd=ROOT)
            best = min(best, time.perf_counter() - start)
        assert best < 1.0


def test_help_names_every_verb(molgen: Run) -> None:
    text = molgen("--help").stdout
    assert all(verb in text for verb in ("generate", "evaluate", "view", "data", "train", "compare", "dialogue"))
    assert molgen("--version").stdout.startswith("molgen 0.")


@pytest.mark.parametrize("verb", [(), ("generate",), ("data", "fetch"), ("train", "graph"), ("dialogue", "chat")])
def test_short_help(molgen: Run, verb: tuple[str, ...]) -> None:
    assert molgen(*verb, "-h").stdout == molgen(*verb, "--help").stdout


@pytest.mark.slow
def test_generate_writes_every_format(molgen: Run, tmp_path: Path) -> None:
    paths = [tmp_path / f"library{suffix}" for suffix in (".smi", ".csv", ".parquet", ".sdf", ".smi.gz")]
    result = molgen("generate", "-n", 12, "--seed", 5, *(word for path in paths for word in ("-o", path)))
    assert result.stdout == ""
    assert result.stderr.startswith("requested 12  attempted ") and "kept 12" in result.stderr
    contents = [[text for _, text in read_smiles(path)] for path in paths]
    assert contents[0] == contents[1] == contents[2] == contents[4]
    assert [Chem.CanonSmiles(text) for text in contents[3]] == contents[0]
    assert len(set(contents[0])) == 12
    assert molgen("generate", "-n", 12, "--seed", 5).stdout.split() == contents[0]


@pytest.mark.slow
def test_attempts_are_raw(molgen: Run, tmp_path: Path, tiny_model: Path) -> None:
    path = tmp_path / "raw.smi"
    molgen("generate", "--attempts", 50, "--model", tiny_model, "--steps", 5, "-o", path)
    lines = [text for _, text in read_smiles(path)]
    assert len(lines) == 50
    assert sum(Chem.MolFromSmiles(text) is None for text in lines) > 0  # a tiny model fails often


@pytest.mark.slow
def test_ctrl_c_loses_no_molecule(tmp_path: Path) -> None:
    """The bar, read from a pseudo-terminal, tells when there is something to lose."""
    path = tmp_path / "library.smi"
    terminal, shown = pty.openpty()
    command = ["generate", "-n", 10_000, "--model", "qm9-text", "--batch-size", 16, "-o", path]
    with subprocess.Popen(
        [sys.executable, "-m", "molgen", *map(str, command)],
        cwd=ROOT,
        stderr=shown,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # jobs in the background ignore it
    ) as process:
        os.close(shown)
        text = ""
        while not re.search(r"[1-9]\d\d\d+/10000", text):
            text += os.read(terminal, 1000).decode(errors="replace")
        process.send_signal(signal.SIGINT)
        with suppress(OSError):  # which is how the end of a pseudo-terminal is said
            while True:
                text += os.read(terminal, 1000).decode(errors="replace")
    assert process.returncode == 130
    assert "interrupted: written is what the first attempts gave" in text and "Traceback" not in text
    molecules = [smiles for _, smiles in read_smiles(path)]
    assert 0 < len(molecules) < 10_000 and f"kept {len(molecules):,}" in text
    assert molecules == Generator.from_pretrained("qm9-text").generate(len(molecules)).smiles


@pytest.mark.slow
def test_the_copy_of_standard_input_goes_with_the_command(tmp_path: Path) -> None:
    with subprocess.Popen(
        [sys.executable, "-m", "molgen", "data", "info", "-"],
        cwd=ROOT,
        env={**os.environ, "TMPDIR": str(tmp_path)},
        stdin=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    ) as process:
        deadline = time.monotonic() + 60
        assert process.stdin is not None
        process.stdin.write(b"CCO\n")
        process.stdin.flush()
        while not list(tmp_path.glob("*.smi")) and time.monotonic() < deadline:
            time.sleep(0.05)
        assert list(tmp_path.glob("*.smi"))
        process.terminate()
    assert process.returncode == 128 + signal.SIGTERM
    assert not list(tmp_path.iterdir())


@pytest.mark.slow
@pytest.mark.parametrize("batches", [1, 20, 40])
def test_an_interrupted_call_hands_over_its_first_attempts(tiny_model: Path, batches: int) -> None:
    model = Generator.from_pretrained(tiny_model)
    done: list[int] = []

    def interrupt(finished: int) -> None:
        done.append(finished)
        if len(done) == batches:
            raise KeyboardInterrupt

    with pytest.raises(Interrupted) as stopped:
        model.attempts(200, steps=3, batch_size=4, progress=interrupt)
    found = stopped.value.found
    assert isinstance(found, Attempts) and found.calls == 3
    assert found.smiles == model.attempts(200, steps=3).smiles[: len(found)]
    assert 0 < len(found) <= sum(done) < 200
    assert batches == 1 or len(found) > sum(done) / 2  # not only what the rarest size leaves without a gap


@pytest.mark.parametrize("sampler", ["ancestral", "renoise", "flow"])
def test_every_sampler_and_setting(molgen: Run, sampler: str) -> None:
    result = molgen(
        *(
            "generate",
            "--model",
            "qm9-graph",
            "--attempts",
            8,
            "--sampler",
            sampler,
            "--steps",
            6,
            "--temperature",
            "atoms=0.9,bonds=0.7",
        ),
        *("--top-p", "0.95", "--distortion", "polydec", "--batch-size", 3),
        *(("--eta", 1, "--omega", 0.1) if sampler == "flow" else ()),
    )
    assert len(result.stdout.splitlines()) == 8


@pytest.mark.slow
def test_evaluate_reports_every_figure(molgen: Run, smiles_file: Path, tmp_path: Path) -> None:
    path = tmp_path / "attempts.csv"
    pandas.DataFrame({"text": ["CCO", "OCC", "CC.C", "C1CC", "CCCCCCCCF"] * 4}).to_csv(path, index=False)
    out = tmp_path / "report.json"
    result = molgen("evaluate", path, "--column", "text", "--reference", smiles_file, "-o", out)
    report = json.loads(out.read_text())
    figures = report["suites"]["graph"]
    assert report["attempts"] == 20 and figures["validity"]["value"] == 0.6 and figures["vu"]["value"] == 0.1
    assert figures["fcd"]["value"] > 0 and figures["fcd"]["n"] == 12
    assert all(name in result.stdout for name in figures)
    plain = molgen("evaluate", path, "--column", "text").stdout
    assert "novelty" not in plain and "0.6000" in plain


def test_an_empty_file_among_several_is_named(smiles_file: Path, tmp_path: Path) -> None:
    (tmp_path / "empty.smi").touch()
    arguments = ["evaluate", str(tmp_path / "empty.smi"), str(smiles_file), "--only", "validity", "--jobs", "1"]
    with pytest.raises(MolgenError, match="holds no molecules"):
        CliRunner().invoke(app, arguments[:2], catch_exceptions=False)
    result = CliRunner().invoke(app, arguments, catch_exceptions=False)
    assert result.exit_code == 0
    assert "empty.smi is left out, 1 of 2 files are scored" in result.stderr
    assert "small.smi" in result.stdout


@pytest.mark.slow
def test_evaluate_compares_files_in_one_table(molgen: Run, smiles_file: Path, tmp_path: Path) -> None:
    other = tmp_path / "other.smi"
    other.write_text("CCO\nC1CC\n" + "C" * 20_000 + "\n")
    for suffix in (".csv", ".md", ".json"):
        out = tmp_path / f"report{suffix}"
        arguments = ("--suite", "moses", "--suite", "medchem", "--only", "valid,IntDiv,Filters,QED,alerts_any")
        flags = tmp_path / "flags.parquet"
        result = molgen(
            "evaluate", smiles_file, other, *arguments, "--jobs", 1, "-o", out, "--flags", flags, "--overwrite"
        )
        assert "lost" not in result.stderr  # what is longer than the limit never reaches RDKit
    table = (tmp_path / "report.md").read_text().splitlines()
    assert table[0] == "| suite | metric | small.smi | other.smi | n | note |"
    assert table[2].startswith("| moses | valid | 1.0000") and "0.3333" in table[2]
    rows = pandas.read_parquet(flags)
    assert len(rows) == 603 and rows.query("file == 'other.smi'")["valid"].tolist() == [True, False, False]
    assert set(pandas.read_csv(tmp_path / "report.csv")["file"]) == {"small.smi", "other.smi"}
    assert [report["attempts"] for report in json.loads((tmp_path / "report.json").read_text())] == [600, 3]


@pytest.mark.parametrize("named", [pytest.param(True, marks=pytest.mark.slow), False])
def test_properties_are_drawn(molgen: Run, smiles_file: Path, tmp_path: Path, named: bool) -> None:
    out = tmp_path / "properties.png"
    drawn = molgen("view", smiles_file, "-o", out, "--properties", "--reference", "qm9" if named else smiles_file)
    assert "molecules" in drawn.stderr and "cannot be read" not in drawn.stderr
    assert out.stat().st_size > 10_000
    assert "goes with --properties" in molgen("view", smiles_file, "-o", out, "--reference", "qm9", code=2).stderr
    assert "exists" in molgen("view", smiles_file, "-o", out, "--properties", code=2).stderr
    broken = tmp_path / "broken.smi"
    broken.write_text("C1CC\n")
    none = molgen("view", broken, "-o", tmp_path / "none.png", "--properties", code=1).stderr
    assert "none of the molecules" in none and len(none.strip().splitlines()) == 1


@pytest.mark.slow
def test_view_and_trace_draw(molgen: Run, smiles_file: Path, tmp_path: Path) -> None:
    result = molgen("view", smiles_file, "-o", tmp_path / "grid.png", "-n", 6)
    assert "drew 6 of 6" in result.stderr and "the file has more, -n draws them" in result.stderr
    table = tmp_path / "table.csv"
    table.write_text("id,smiles,score\na,CCO,1\nb,CCC,3\nc,C1CC,2\n")
    shown = molgen(
        "view",
        table,
        "-o",
        tmp_path / "grid.svg",
        "--legend",
        "id",
        "--legend",
        "QED",
        "--sort",
        "score",
        "--descending",
    )
    assert "drew 2 of 3 molecules" in shown.stderr and "cell with the reason" in shown.stderr
    assert "has more" not in shown.stderr
    histograms = molgen("view", table, "-o", tmp_path / "histograms.png", "--properties")
    assert "2 molecules; 1 cannot be read" in histograms.stderr
    text = (tmp_path / "grid.svg").read_text()
    assert text.index(">b<") < text.index("row 4") < text.index(">a<")
    molgen("generate", "--trace", tmp_path / "chain.gif")
    assert (tmp_path / "grid.png").read_bytes().startswith(b"\x89PNG")
    assert (tmp_path / "chain.gif").read_bytes().startswith(b"GIF8")


def test_data_lists_and_describes(molgen: Run, tmp_path: Path) -> None:
    listed = molgen("data", "list").stdout
    assert "qm9" in listed and "molgen data fetch moses" in listed
    path = tmp_path / "mine.smi"
    path.write_text("CCO\nC1CC\nc1cc[nH]c1\n" + "\n".join("C" * n for n in range(1, 12)))
    shown = molgen("data", "info", path).stdout
    assert "skipped: unparsable" in shown and "line 2: unparsable: RDKit cannot read 'C1CC'" in shown
    assert "nothing to fetch" in molgen("data", "fetch", "qm9").stderr


def test_usage_errors_are_one_line_and_exit_2(molgen: Run, tiny_model: Path, tmp_path: Path) -> None:
    there = tmp_path / "there.csv"
    there.write_text("smiles\nC\n")
    empty = tmp_path / "empty.smi"
    empty.write_text("")
    (tmp_path / "folder").mkdir()
    cases: list[tuple[list[object], int, str]] = [
        (["generate", "-n", 0], 2, "at least 1"),
        (["generate", "-n", -5], 2, "at least 1"),
        (["generate", "--attempts", 0], 2, "at least 1"),
        (["generate"], 2, "say how many"),
        (["generate", "-n", 1, "--attempts", 1], 2, "exclude each other"),
        (["generate", "-n", 1, "--model", "nope"], 2, "there is no model"),
        (["generate", "-n", 1, "--model", tmp_path / "folder"], 2, "not a model directory"),
        (["generate", "-n", 1, "-o", there], 2, "--overwrite"),
        (["generate", "-n", 1, "-o", tmp_path / "x.doc"], 2, "known formats"),
        (["generate", "-n", 1, "-o", tmp_path / "no" / "x.csv"], 2, "does not exist"),
        (["generate", "-n", 1, "--model", tiny_model, "--sampler", "magic"], 2, "unknown sampler"),
        (["generate", "-n", 1, "--sampler", "renoise"], 2, "has no sampler to set"),
        (
            ["generate", "-n", 1, "--model", "qm9-graph", "--eta", 1],
            2,
            "sampler renoise has no eta to set; choose",
        ),
        (["generate", "-n", 1, "--temperature", "hot"], 2, "takes a number"),
        (["generate", "-n", 1, "--temperature", "water=1"], 2, "unknown kind"),
        (["generate", "-n", 1, "--temperature", "0"], 2, "between 0.001 and 1000"),
        (["generate", "-n", 1, "--steps", 0], 2, "steps"),
        (["generate", "-n", 1, "--batch-size", 0], 2, "batch size"),
        (["generate", "-n", 1, "--device", "warp"], 2, "cannot use the device"),
        (["evaluate", tmp_path / "none.smi"], 2, "no file"),
        (["evaluate", empty], 1, "no molecules"),
        (["evaluate", there, "--column", "x"], 2, "no column"),
        (["evaluate", there, "--reference", "zinc9000"], 2, "neither a known set"),
        (["evaluate", there, "-o", tmp_path / "r.txt"], 2, ".json"),
        (["evaluate", there, "--suite", "mosses"], 2, "unknown suite"),
        (["evaluate", there, "--only", "magic"], 2, "unknown metric"),
        (["evaluate", there, "--suite", "moses", "--only", "Novelty"], 2, "needs a reference"),
        (["evaluate", there, "--reference", "moses"], 1, "molgen data fetch moses"),
        (["view", there, "-o", tmp_path / "x.bmp"], 2, "known formats"),
        (["view", there, "-o", tmp_path / "x.png", "-n", 5000], 2, "1 to 1,000 molecules"),
        (["view", there, "-o", tmp_path / "x.png", "--legend", "nope"], 2, "neither a column nor a property"),
        (["view", there, "-o", tmp_path / "x.png", "--descending"], 2, "--sort"),
        (["view", there, "-o", tmp_path / "x.png", "--properties", "--sort", "QED"], 2, "leave --properties out"),
        (["data", "fetch", "zinc9000"], 2, "unknown set"),
        (["data", "info", "zinc9000"], 2, "neither a known set"),
    ]
    for arguments, code, said in cases:
        result = molgen(*arguments, code=code)
        assert said in result.stderr, (arguments, result.stderr)
        assert len(result.stderr.strip().splitlines()) == 1, result.stderr
        assert result.stdout == ""
    assert there.read_text() == "smiles\nC\n"
    assert {path.name for path in tmp_path.iterdir()} == {"there.csv", "empty.smi", "folder"}


def test_unknown_options_exit_2(molgen: Run) -> None:
    assert "--bogus" in molgen("generate", "--bogus", code=2).stderr


def test_no_network_is_said(molgen: Run, tmp_path: Path) -> None:
    nowhere = {"PIP_INDEX_URL": "http://127.0.0.1:9/simple", "PIP_EXTRA_INDEX_URL": "", "PIP_FIND_LINKS": ""}
    result = molgen(
        *("data", "fetch", "moses"),
        code=1,
        MOLGEN_CACHE=str(tmp_path),
        PIP_RETRIES="0",
        PIP_NO_CACHE_DIR="1",
        **nowhere,
    )
    assert "is there a network?" in result.stderr
    assert not list(tmp_path.rglob("*.gz"))


def test_moses_must_be_fetched_first(molgen: Run, tmp_path: Path) -> None:
    result = molgen("data", "info", "moses", code=1, MOLGEN_CACHE=str(tmp_path))
    assert "molgen data fetch moses" in result.stderr


@pytest.mark.slow
def test_full_disk_is_said_and_leaves_nothing(molgen: Run, tmp_path: Path) -> None:
    if shutil.which("mount") is None:
        pytest.skip("needs mount")
    small = tmp_path / "small"
    small.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=4k", "tmpfs", str(small)], capture_output=True)
    if mounted.returncode:
        pytest.skip("cannot mount a small disk here")
    try:
        (small / "filler").write_bytes(b"x" * 4096)
        result = molgen("generate", "-n", 5, "-o", small / "out.csv", code=1)
        assert "cannot write" in result.stderr and "No space left" in result.stderr
        assert [path.name for path in small.iterdir()] == ["filler"]
    finally:
        subprocess.run(["umount", str(small)], check=True)


def test_a_failed_write_leaves_the_old_file(tmp_path: Path) -> None:
    path, folder = tmp_path / "file", tmp_path / "folder"
    path.write_text("old")
    folder.mkdir()
    (folder / "old").touch()
    with pytest.raises(MolgenError, match="cannot write"), whole_file(path) as temporary:
        temporary.write_text("half")
        raise OSError(28, "No space left on device")
    with pytest.raises(RuntimeError), whole_folder(folder, overwrite=True, mark="old") as temporary:
        (temporary / "half").touch()
        raise RuntimeError
    assert path.read_text() == "old" and (folder / "old").exists()
    assert len(list(tmp_path.iterdir())) == 2


@pytest.mark.slow
def test_a_closed_pipe_is_no_error() -> None:
    """The reader has gone when molecules are written: `true` reads nothing."""
    process = subprocess.run(
        [
            "bash",
            "-c",
            '"$0" -m molgen generate --model qm9-ar --attempts 5 | true; exit "${PIPESTATUS[0]}"',
            sys.executable,
        ],
        capture_output=True,
        text=True,
        cwd=Path(__file__).parents[2],
    )
    assert process.returncode == 1, process.stderr  # of writing, which is done part by part: else it would be 0
    assert not re.search("Traceback|Exception|Broken pipe", process.stderr), process.stderr


def test_a_missing_library_of_the_system_is_named_with_its_package(
    molgen: Run, smiles_file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As the loader of libraries words it where RDKit's drawing finds no X."""

    class Bare:
        def find_spec(self, name: str, *_: object) -> None:
            if name == "rdkit.Chem.Draw":
                raise ImportError("libXrender.so.1: cannot open shared object file: No such file or directory")

    for name in [name for name in sys.modules if name.startswith(("rdkit.Chem.Draw", "molgen.report"))]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setattr(sys, "meta_path", [Bare(), *sys.meta_path])
    said = molgen("view", smiles_file, "-o", tmp_path / "x.png", code=1).stderr
    assert said.startswith("molgen: libXrender.so.1: cannot open") and "apt-get install libxrender1" in said
