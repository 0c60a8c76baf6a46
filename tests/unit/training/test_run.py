"""Training end to end: what a run leaves, stopping and resuming, starting from a model, two processes."""

from __future__ import annotations

import csv
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import torch

import molgen as package
from molgen.errors import MolgenError, UsageError
from molgen.training.config import read_config
from molgen.training.display import Display
from molgen.training.folder import read_run_config
from molgen.training.run import train
from tests.conftest import Run

ROOT = Path(__file__).parents[3]


def test_a_run_leaves_config_logs_checkpoint_and_model(tiny_run: Path) -> None:
    names = {path.name for path in tiny_run.iterdir()}
    assert names == {"config.toml", "last.ckpt", "logs", "tensorboard", "model"}
    with next(tiny_run.glob("logs/*/metrics.csv")).open() as stream:
        header = next(csv.reader(stream))
    wanted = {"step", "train/atoms_nats", "train/bonds_nats", "train/molecules_per_second"}
    assert wanted | {"validation/bound_nats", "validation/validity"} <= set(header)
    assert list(tiny_run.glob("tensorboard/*/events*"))
    assert "Not measured yet" in (tiny_run / "model" / "README.md").read_text()


def test_signals_are_as_before_after_training(smiles_file: Path, tiny_config: Path, tmp_path: Path) -> None:
    numbers = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    before = [signal.getsignal(number) for number in numbers]
    changes = {"data": {"name": str(smiles_file)}, "optimiser": {"steps": 2}}
    assert train(read_config(tiny_config, changes, "graph"), tmp_path / "run") is None
    assert [signal.getsignal(number) for number in numbers] == before


def test_shipped_weights_are_the_average(tiny_run: Path) -> None:
    checkpoint = torch.load(tiny_run / "last.ckpt", weights_only=True)
    average = checkpoint["callbacks"]["ExponentialAverage"]["weights"]
    model = package.load(tiny_run / "model")
    for name, value in model.named_parameters():
        torch.testing.assert_close(value.data, average[name])
    current = checkpoint["state_dict"]["generator.denoiser.atom_head.1.weight"]
    assert not torch.equal(current, average["denoiser.atom_head.1.weight"])


@pytest.mark.slow
def test_the_same_seed_trains_the_same_model(molgen: Run, smiles_file: Path, tiny_config: Path, tmp_path: Path) -> None:
    runs = [tmp_path / name for name in ("first", "second")]
    for run in runs:
        molgen("train", "graph", "--data", smiles_file, "--out", run, "--config", tiny_config)
    first, second = (dict(package.load(run / "model").named_parameters()) for run in runs)
    assert all(torch.equal(first[name], second[name]) for name in first)


STEPS = 200


@pytest.fixture(scope="module")
def straight(
    molgen_process: Run, smiles_file: Path, tiny_config: Path, tmp_path_factory: pytest.TempPathFactory
) -> Path:
    """Folder of a run that was never stopped."""
    run = tmp_path_factory.mktemp("straight") / "run"
    data = ("--data", smiles_file, "--config", tiny_config)
    molgen_process("train", "graph", "--out", run, *data, "--steps", STEPS)
    return run


@pytest.mark.slow
@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGHUP, 129)])
def test_stopped_and_resumed_is_as_if_never_stopped(
    number: signal.Signals,
    code: int,
    molgen_process: Run,
    smiles_file: Path,
    tiny_config: Path,
    straight: Path,
    tmp_path: Path,
) -> None:
    run = tmp_path / "run"
    command = [sys.executable, "-m", "molgen", "train", "graph", "--data", smiles_file, "--out", run]
    process = subprocess.Popen(
        [*map(str, command), "--config", str(tiny_config), "--steps", str(STEPS)],
        cwd=ROOT,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
        env=dict(os.environ),
    )
    deadline = time.monotonic() + 120
    while not list(run.glob("tensorboard/*/events*")) and time.monotonic() < deadline:
        time.sleep(0.1)
    time.sleep(1.0)
    process.send_signal(number)
    _, errors = process.communicate(timeout=60)
    assert process.returncode == code, errors
    assert "Traceback" not in errors and "--resume" in errors
    done = torch.load(run / "last.ckpt", weights_only=True)["global_step"]
    assert 0 < done < STEPS
    assert package.load(run / "model")

    molgen_process("train", "graph", "--out", run, "--resume")
    resumed = torch.load(run / "last.ckpt", weights_only=True)
    assert resumed["global_step"] == STEPS
    for name, value in torch.load(straight / "last.ckpt", weights_only=True)["state_dict"].items():
        assert torch.equal(value, resumed["state_dict"][name]), name


@pytest.mark.parametrize("family", ["autoregressive", "graph-autoregressive", "any-order", "text", "continuous"])
def test_a_run_with_dropout_resumes_to_the_same_weights_and_average(
    family: str, smiles: list[str], tmp_path: Path
) -> None:
    file, runs = tmp_path / "some.smi", [tmp_path / "straight", tmp_path / "resumed"]
    file.write_text("\n".join(smiles[:60]) + "\n")
    config = {
        "data": {"name": str(file)},
        "network": {"width": 16, "layers": 1, "heads": 2, "dropout": 0.3},
        "optimiser": {"steps": 5, "batch_size": 16, "warmup": 1, "ema": 0.5, "sampled_molecules": 0},
    }

    def stop(share: float) -> None:
        if share == 0.4:
            os.kill(os.getpid(), signal.SIGTERM)

    train(read_config(None, config, family), runs[0], display=Display.of(False))
    assert train(read_config(None, config, family), runs[1], display=Display.of(stop)) == signal.SIGTERM
    torch.rand(3)  # the global state of random numbers is not what the run was stopped with
    assert train(read_run_config(runs[1]), runs[1], resume=True, display=Display.of(False)) is None
    straight, resumed = (torch.load(run / "last.ckpt", weights_only=True) for run in runs)
    assert straight["global_step"] == resumed["global_step"] == 5
    averages = [found["callbacks"]["ExponentialAverage"]["weights"] for found in (straight, resumed)]
    for first, second in ((straight["state_dict"], resumed["state_dict"]), averages):
        assert all(torch.equal(value, second[name]) for name, value in first.items())
    shipped = [package.load(run / "model").weights_sha256 for run in runs]
    assert shipped[0] == shipped[1]


def test_training_that_diverges_ends_in_one_line_and_saves_nothing(smiles: list[str], tmp_path: Path) -> None:
    config = {
        "network": {"width": 16, "layers": 1, "heads": 2},
        "optimiser": {"steps": 4, "batch_size": 16, "warmup": 0, "learning_rate": 1e30},
    }
    for family in ("graph-autoregressive", "autoregressive"):
        with pytest.raises(MolgenError, match="has diverged"):
            package.train(family, smiles[:60], tmp_path / family, config=config, progress=False)
        assert not (tmp_path / family / "last.ckpt").exists() and not (tmp_path / family / "model").exists()


@pytest.mark.slow
def test_training_starts_from_a_model(molgen: Run, tiny_model: Path, smiles_file: Path, tmp_path: Path) -> None:
    small = tmp_path / "short.toml"
    small.write_text("[optimiser]\nsteps = 1\nlearning_rate = 1e-9\nwarmup = 0\nema = 0.0\n")
    molgen(
        "train", "graph", "--data", smiles_file, "--out", tmp_path / "run", "--config", small, "--init-from", tiny_model
    )
    old, new = (dict(package.load(path).named_parameters()) for path in (tiny_model, tmp_path / "run" / "model"))
    for name, value in old.items():
        torch.testing.assert_close(new[name].data, value.data, atol=1e-6, rtol=0)


def test_a_model_does_not_start_on_molecules_it_does_not_know(molgen: Run, tiny_model: Path, tmp_path: Path) -> None:
    path = tmp_path / "sulfur.smi"
    path.write_text("\n".join("C" * n + "S" for n in range(1, 20)))
    result = molgen("train", "graph", "--data", path, "--out", tmp_path / "r", "--init-from", tiny_model, code=1)
    assert "atoms S are new to it" in result.stderr


def test_bad_requests(molgen: Run, tiny_run: Path, smiles_file: Path, tmp_path: Path) -> None:
    bad = tmp_path / "bad.toml"
    bad.write_text("[network]\nwidht = 3\n")
    for arguments, said in (
        (["--data", smiles_file, "--out", tiny_run], "is not empty"),
        (["--data", "zinc", "--out", tmp_path / "a"], "neither a known set"),
        (["--data", smiles_file, "--out", tmp_path / "b", "--config", bad], "there is no setting 'widht'"),
        (["--out", tmp_path / "c", "--resume"], "not the folder of a training run"),
        (["--out", tiny_run, "--resume", "--data", "qm9"], "leave the other options out"),
        (["--data", smiles_file, "--out", tmp_path / "d", "--accelerator", "warp"], "cannot train there"),
    ):
        result = molgen("train", "graph", *arguments, code=2)
        assert said in result.stderr and len(result.stderr.strip().splitlines()) == 1, result.stderr


def test_what_is_skipped_is_said_and_changed_data_are_not_resumed(
    smiles: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    file, run = tmp_path / "mine.smi", tmp_path / "run"
    bad, good = ["nope", "CCO.CCO", "C" * 200], [text for text in smiles if set(text) <= set("CO()=1")][:60]
    file.write_text("\n".join([*bad, *good, good[0]]) + "\n")
    small = {"network": {"width": 16, "layers": 1, "heads": 2}, "optimiser": {"steps": 2, "sampled_molecules": 1}}
    monkeypatch.chdir(tmp_path)
    assert train(read_config(None, {"data": {"name": "mine.smi"}, **small}, "any-order"), run) is None
    said = capsys.readouterr().err.splitlines()
    assert said[0] == "read 64  kept 60  skipped 3  duplicates 1"
    assert [line.split(":")[0] for line in said[1:4]] == ["skipped 1"] * 3
    assert "unparsable, first line 1: " in "".join(said[1:4])
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    assert train(read_run_config(run, steps=3), run, resume=True) is None
    assert torch.load(run / "last.ckpt", weights_only=True)["global_step"] == 3
    file.write_text("\n".join(smiles[:50]) + "\n")
    with pytest.raises(UsageError, match="has changed since the run began"):
        train(read_run_config(run, steps=4), run, resume=True)
    with pytest.raises(UsageError, match="is a file; --out takes a folder"):
        train(read_config(None, {"data": {"name": str(file)}, **small}, "any-order"), file)
    again = read_config(run / "config.toml", {"optimiser": {"steps": 1}}, "any-order")
    assert train(again, tmp_path / "again") is None  # the same settings for a new run: the file is what it is now


def test_a_checkpoint_is_never_unpickled(molgen: Run, tiny_run: Path, tmp_path: Path) -> None:
    run = tmp_path / "run"
    run.mkdir()
    (run / "config.toml").write_bytes((tiny_run / "config.toml").read_bytes())
    witness = tmp_path / "witness"
    (run / "last.ckpt").write_bytes(f"cos\nsystem\n(S'touch {witness}'\ntR.".encode())
    result = molgen("train", "graph", "--out", run, "--resume", code=1)
    assert "cannot resume" in result.stderr and not witness.exists()


@pytest.mark.slow
@pytest.mark.parametrize(
    ("family", "network"),
    [("graph", "pair_width = 8\ntriangle = 4\n"), ("graph-any-order", "")],
)
def test_two_processes_train_as_one(
    molgen_process: Run, smiles_file: Path, tmp_path: Path, family: str, network: str
) -> None:
    config = tmp_path / "ddp.toml"
    config.write_text(
        f"[network]\nwidth = 32\nlayers = 1\nheads = 2\n{network}"
        "[optimiser]\nsteps = 6\nprecision = '32-true'\nbatch_size = 32\nwarmup = 2\nema = 0.5\n"
        "validation_molecules = 8\nsampled_molecules = 4\n"
    )
    weights = []
    for devices in ("1", "2"):
        run = tmp_path / f"run{devices}"
        molgen_process(
            *("train", family, "--data", smiles_file, "--out", run, "--config", config),
            *("--accelerator", "cpu", "--devices", devices, "--strategy", "auto" if devices == "1" else "ddp"),
        )
        weights.append(torch.load(run / "last.ckpt", weights_only=True)["state_dict"])
    for name, value in weights[0].items():
        torch.testing.assert_close(weights[1][name], value, atol=2e-4, rtol=1e-3, msg=lambda m, n=name: f"{n}: {m}")
