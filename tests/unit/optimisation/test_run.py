from __future__ import annotations

import errno
import json
import shutil
import signal
from contextlib import nullcontext
from pathlib import Path

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from safetensors.torch import load_file

from molgen.errors import LeftOutWarning, MolgenError, UsageError
from molgen.models.generator import Generator
from molgen.optimisation.benchmark import area, enough, run_benchmark, task_names
from molgen.optimisation.checkpoint import STATE_FILE
from molgen.optimisation.config import OptimiserConfig
from molgen.optimisation.optimise import Failed
from molgen.optimisation.result import Point
from molgen.optimisation.run import RunSettings, run
from molgen.scoring.benchmarks import GUACAMOL
from molgen.scoring.benchmarks.pmo import auc_top
from molgen.system.locks import held
from molgen.system.signals import Ended, ending_by_exception
from tests.unit.optimisation.tiny import tiny


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("optimised") / "tiny"
    tiny().save_pretrained(path)
    return path


def settings(model: Path, calls: int, score: str = "pmo/qed") -> RunSettings:
    config = OptimiserConfig(calls=calls, batch=16, learning_rate=1e-2, learning_calls=60)
    return RunSettings(model=str(model), score=score, optimiser=config)


@pytest.mark.slow
def test_a_resumed_run_is_the_run_that_was_never_stopped(model: Path, tmp_path: Path) -> None:
    whole, _ = run(settings(model, 96), tmp_path / "whole", progress=False)

    def interrupt(point: Point) -> None:
        if point.calls >= 30:
            signal.raise_signal(signal.SIGINT)

    part, stopped = run(settings(model, 96), tmp_path / "part", progress=interrupt)
    assert stopped == signal.SIGINT and 30 <= len(part) < 96
    resumed, stopped = run(RunSettings.read(tmp_path / "part"), tmp_path / "part", resume=True, progress=False)
    assert stopped is None
    assert resumed.memory.smiles == whole.memory.smiles and resumed.memory.totals == whole.memory.totals
    assert [point.best for point in resumed.curve] == [point.best for point in whole.curve]
    for a, b in zip(resumed.model.parameters(), whole.model.parameters(), strict=True):
        assert torch.equal(a, b)
    assert Generator.from_pretrained(tmp_path / "part" / "model").family == "graph-autoregressive"


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_a_benchmark_after_the_task_under_way(
    number: signal.Signals, model: Path, tmp_path: Path
) -> None:
    """Ctrl-C ends it alone; any other signal ends the program too, with its own code."""

    def interrupt(_: Point) -> None:
        signal.raise_signal(number)

    tasks = run_benchmark("pmo", tmp_path, settings(model, 40), ["qed", "median1"], interrupt)
    with ending_by_exception(), pytest.raises(Ended) if number == signal.SIGTERM else nullcontext():
        assert list(tasks) == []
    assert (tmp_path / "qed" / STATE_FILE).is_file() and not (tmp_path / "median1").exists()


def test_a_run_that_was_killed_before_its_first_state_begins_again(model: Path, tmp_path: Path) -> None:
    run(settings(model, 20), tmp_path / "run", progress=False)
    (tmp_path / "run" / STATE_FILE).unlink()  # as SIGKILL in the first minute leaves it
    shutil.rmtree(tmp_path / "run" / "model")
    again, _ = run(settings(model, 32), tmp_path / "run", progress=False)
    assert len(again) == 32


def test_a_finished_run_goes_on_with_more_calls(model: Path, tmp_path: Path) -> None:
    run(settings(model, 20), tmp_path / "run", progress=False)
    longer, _ = run(RunSettings.read(tmp_path / "run"), tmp_path / "run", resume=True, calls=40, progress=False)
    assert len(longer) == 40
    assert RunSettings.read(tmp_path / "run").optimiser.calls == 40


def test_folders_that_do_not_fit_are_refused(model: Path, tmp_path: Path) -> None:
    folder = tmp_path / "run"
    with pytest.raises(UsageError, match="not the folder of an optimisation"):
        RunSettings.read(folder)
    with pytest.raises(UsageError, match="nothing to resume"):
        run(settings(model, 20), folder, resume=True, progress=False)
    run(settings(model, 20), folder, progress=False)
    with pytest.raises(UsageError, match="pass --resume"):
        run(settings(model, 20), folder, progress=False)
    with pytest.raises(UsageError, match="is of another score, with the terms total, QED"):
        run(settings(model, 20, "pmo/median1"), folder, resume=True, progress=False)
    (folder / STATE_FILE).write_text("{")
    with pytest.raises(MolgenError, match="no sound state"):
        run(settings(model, 20), folder, resume=True, progress=False)


def test_a_state_that_cannot_be_written_leaves_the_former_one(
    model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "run"
    before, _ = run(settings(model, 20), folder, progress=False)

    def half(tensors: object, file: Path) -> None:
        Path(file).write_bytes(b"half")
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr("safetensors.torch.save_file", half)
        with pytest.raises(MolgenError, match="No space left"):
            run(RunSettings.read(folder), folder, resume=True, calls=30, progress=False)
    assert not [path for path in folder.iterdir() if "partial" in path.name]
    after, _ = run(RunSettings.read(folder), folder, resume=True, calls=30, progress=False)
    assert after.memory.smiles[:20] == before.memory.smiles and len(after) == 30


@pytest.mark.slow
def test_what_was_found_before_the_score_failed_is_kept(model: Path, tmp_path: Path) -> None:
    (tmp_path / "failing_for_test.py").write_text(
        "calls = 0\n\ndef f(smiles):\n    global calls\n    calls += 1\n"
        "    assert calls < 3\n    return [len(text) / 20 for text in smiles]\n"
    )
    (tmp_path / "score.toml").write_text('[[terms]]\ntype = "function"\nfunction = "failing_for_test:f"\n')
    with pytest.raises(Failed, match="failing_for_test:f failed: AssertionError") as failed:
        run(settings(model, 96, str(tmp_path / "score.toml")), tmp_path / "run", progress=False)
    assert 8 < len(failed.value.found) <= 32
    (tmp_path / "failing_for_test.py").write_text("def f(smiles):\n    return [len(text) / 20 for text in smiles]\n")
    found, _ = run(RunSettings.read(tmp_path / "run"), tmp_path / "run", resume=True, progress=False)
    before = failed.value.found.memory.smiles
    assert len(found) == 96 and found.memory.smiles[: len(before)] == before


def test_molecules_to_begin_from_are_scored_after_all_when_the_score_failed(model: Path, tmp_path: Path) -> None:
    name, known = "failing_at_the_start", ["C" * number + "O" for number in range(1, 13)]
    (tmp_path / f"{name}.py").write_text(
        "calls = 0\n\ndef f(smiles):\n    global calls\n    calls += 1\n"
        "    assert calls != 2\n    return [len(text) / 20 for text in smiles]\n"
    )
    (tmp_path / "score.toml").write_text(f'[[terms]]\ntype = "function"\nfunction = "{name}:f"\n')
    (tmp_path / "known.smi").write_text("\n".join(known))
    asked = settings(model, 20, str(tmp_path / "score.toml"))
    optimiser = asked.optimiser.model_copy(update={"batch": 4})
    asked = asked.model_copy(update={"start": str(tmp_path / "known.smi"), "optimiser": optimiser})
    with pytest.raises(Failed, match="AssertionError"):
        run(asked, tmp_path / "run", progress=False)
    found, _ = run(RunSettings.read(tmp_path / "run"), tmp_path / "run", resume=True, progress=False)
    assert found.memory.smiles[:12] == known


def test_a_run_begun_anew_that_failed_at_once_can_be_begun_anew(model: Path, tmp_path: Path) -> None:
    folder, score = tmp_path / "run", tmp_path / "score.toml"
    (tmp_path / "failing_anew.py").write_text("def f(smiles):\n    raise ValueError('no licence')\n")
    score.write_text('[[terms]]\ntype = "function"\nfunction = "failing_anew:f"\n')
    run(settings(model, 20), folder, progress=False)
    with pytest.raises(Failed, match="no licence"):
        run(settings(model, 20, str(score)), folder, overwrite=True, progress=False)
    assert len(run(settings(model, 20), folder, overwrite=True, progress=False)[0]) == 20


def test_a_folder_that_holds_something_else_is_left_alone(model: Path, tmp_path: Path) -> None:
    mine = tmp_path / "mine"
    Generator.from_pretrained(model).save_pretrained(mine / "model")
    before = (mine / "model" / "model.safetensors").read_bytes()
    with pytest.raises(UsageError, match="holds something else"):
        run(settings(mine / "model", 20), mine, progress=False)
    assert (mine / "model" / "model.safetensors").read_bytes() == before


def test_a_run_is_not_resumed_with_another_score_or_model(model: Path, tmp_path: Path) -> None:
    own, score, folder = tmp_path / "model", tmp_path / "score.toml", tmp_path / "run"
    tiny().save_pretrained(own)
    score.write_text('[[terms]]\ntype = "property"\nproperty = "QED"\n')
    run(settings(own, 20, str(score)), folder, progress=False)
    score.write_text('[[terms]]\ntype = "property"\nproperty = "QED"\nshape = { type = "below", value = 0.2 }\n')
    with pytest.raises(UsageError, match=r"score.toml is not what the run was begun with"):
        run(RunSettings.read(folder), folder, resume=True, calls=30, progress=False)
    score.write_text('[[terms]]\ntype = "property"\nproperty = "QED"\n')
    other = tiny()
    torch.nn.init.zeros_(other.atom_head.weight)
    other.save_pretrained(own, overwrite=True)
    with pytest.raises(UsageError, match=r"model is not what the run was begun with"):
        run(RunSettings.read(folder), folder, resume=True, calls=30, progress=False)


def test_tasks_of_a_benchmark_are_run_once(model: Path, tmp_path: Path) -> None:
    names = ["median1", "isomers_c11h24"]
    assert task_names("guacamol", names) == names
    first = list(run_benchmark("guacamol", tmp_path, settings(model, 20), names, progress=False))
    assert [result.task for result in first] == names
    state = json.loads(load_file(tmp_path / "median1" / STATE_FILE)["other"].numpy().tobytes())
    totals = [value[0] for value in state["values"]]
    assert first[0].result == pytest.approx(GUACAMOL["median1"].result(totals))
    steps: list[Point] = []
    assert list(run_benchmark("guacamol", tmp_path, settings(model, 20), names, progress=steps.append)) == first
    assert not steps
    for other in (settings(model, 30), settings(model, 20).model_copy(update={"model": "qm9-ar"})):
        with pytest.raises(UsageError, match="begun with other settings"):
            next(run_benchmark("guacamol", tmp_path, other, names, progress=False))
    with pytest.raises(UsageError, match="no benchmark 'zinc'"):
        task_names("zinc")


def test_all_tasks_begin_from_the_same_molecules_which_are_read_once(model: Path, tmp_path: Path) -> None:
    (tmp_path / "known.smi").write_text("CCO\nC1CC\nCCC(O)CO\n")
    given = settings(model, 20).model_copy(update={"start": str(tmp_path / "known.smi")})
    names = ["median1", "isomers_c11h24"]
    with pytest.warns(LeftOutWarning, match="1 of 3") as warned:
        list(run_benchmark("guacamol", tmp_path / "out", given, names, progress=False))
    assert sum(issubclass(each.category, LeftOutWarning) for each in warned) == 1
    for name in names:
        state = json.loads(load_file(tmp_path / "out" / name / STATE_FILE)["other"].numpy().tobytes())
        assert state["molecules"][:2] == ["CCO", "CCC(O)CO"]
        assert state["origins"][:2] == ["start"] * 2


@given(st.lists(st.sampled_from([0.0, 0.5, 1.0]), max_size=400), st.sampled_from(["pmo", "guacamol"]))
def test_a_benchmark_ends_early_only_where_nothing_more_is_to_be_had(more: list[float], benchmark: str) -> None:
    task = "celecoxib_rediscovery" if benchmark == "guacamol" else "albuterol_similarity"
    totals = [0.5] * 150 + [1.0] * enough(benchmark, task)
    longer = [*totals, *more]
    if benchmark == "pmo":
        on = [*longer, *[0.0] * (1000 - len(longer))]
        assert area(totals, 1000) == pytest.approx(auc_top(on, calls=1000))
        assert area(longer, 1000) == pytest.approx(auc_top(on, calls=1000))
        assert area(totals[:-1], 1000) < area(totals, 1000)
    else:
        assert GUACAMOL[task].result(longer) == GUACAMOL[task].result(totals) == 1


def test_how_many_are_enough_depends_on_the_task() -> None:
    tasks = ["celecoxib_rediscovery", "median1", "isomers_c11h24"]
    assert [enough("guacamol", task) for task in tasks] == [1, 100, 159]
    assert enough("pmo", "median1") == 10


def test_what_was_found_before_any_error_is_kept(model: Path, tmp_path: Path) -> None:
    def failing(point: Point) -> None:
        if point.calls >= 30:
            raise RuntimeError("CUDA out of memory")

    with pytest.raises(Failed, match=r"failed: RuntimeError: CUDA out of memory \(") as failed:
        run(settings(model, 96), tmp_path / "run", progress=failing)
    found, _ = run(RunSettings.read(tmp_path / "run"), tmp_path / "run", resume=True, progress=False)
    whole, _ = run(settings(model, 96), tmp_path / "whole", progress=False)
    assert 30 <= len(failed.value.found) < 96 and found.memory.smiles == whole.memory.smiles


def test_molecules_to_begin_from_that_changed_are_refused(model: Path, tmp_path: Path) -> None:
    known = tmp_path / "known.smi"
    known.write_text("CCO\nCCC(O)CO\n")
    given, names = settings(model, 20).model_copy(update={"start": str(known)}), ["median1", "median2"]
    first = next(iter(run_benchmark("guacamol", tmp_path / "out", given, names, progress=False)))
    known.write_text("CCN\n")
    with pytest.raises(UsageError, match="begun with other settings"):
        list(run_benchmark("guacamol", tmp_path / "out", given, names, progress=False))
    known.write_text("CCO\nCCC(O)CO\n")
    assert next(iter(run_benchmark("guacamol", tmp_path / "out", given, names, progress=False))) == first


def test_where_no_molecule_to_begin_from_has_the_fragment_that_is_said_once(model: Path, tmp_path: Path) -> None:
    (tmp_path / "known.smi").write_text("CCC\nCCCC\n")
    update = {"start": str(tmp_path / "known.smi"), "fragment": "CO"}
    given = settings(model, 20).model_copy(update=update)
    with pytest.warns(LeftOutWarning, match="2 of 2 molecules") as warned:
        list(run_benchmark("guacamol", tmp_path / "out", given, ["median1", "median2"], progress=False))
    assert sum(issubclass(each.category, LeftOutWarning) for each in warned) == 1


def test_one_process_works_in_a_folder(model: Path, tmp_path: Path) -> None:
    (tmp_path / "run").mkdir()
    with held(tmp_path / "run" / ".lock", "busy"), pytest.raises(MolgenError, match="another process works in"):
        run(settings(model, 20), tmp_path / "run", progress=False)
    run(settings(model, 20), tmp_path / "run", progress=False)


def test_damaged_files_of_a_run_are_named(model: Path, tmp_path: Path) -> None:
    given, out = settings(model, 20), tmp_path / "out"
    list(run_benchmark("guacamol", out, given, ["median1"], progress=False))
    (out / "median1" / "result.json").write_text("")
    with pytest.raises(MolgenError, match=r"result\.json holds no sound result"):
        list(run_benchmark("guacamol", out, given, ["median1"], progress=False))
    (out / "median1" / "settings.json").write_text('{"model": "x", "score": "pmo/qed", "speed": 3}')
    with pytest.raises(UsageError, match=r"settings\.json cannot be used: .*speed"):
        RunSettings.read(out / "median1")
