"""Model directories from strangers: whatever they say, they load or are refused within 2 seconds and 500 MB."""

from __future__ import annotations

import gzip
import json
import os
import resource
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from safetensors.torch import load_file, save_file

import molgen
from molgen.errors import MolgenError
from molgen.models.directory import CONFIG_FILE, WEIGHTS_FILE
from molgen.models.rings import RINGS_FILE
from molgen.system.files import sha256

FAMILIES = ("graph", "graph-autoregressive", "text", "any-order", "autoregressive", "continuous")
SECONDS, BYTES = 2.0, 500_000_000
LINUX = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="limits of memory are those of Linux")

NETWORKS = {"graph": {"width": 16, "pair_width": 4, "triangle": 2}}


@pytest.fixture(scope="module")
def directories(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A tiny model of each family."""
    folder = tmp_path_factory.mktemp("models")
    for family in FAMILIES:
        network = {"layers": 1, "heads": 2, **NETWORKS.get(family, {"width": 16})}
        config = {"network": network, "optimiser": {"sampled_molecules": 0}}
        molecules = ["CCO", "CCN", "CCC", "CCCO", "CC(C)O", "c1ccccc1", "CC=O", "C#N"]
        molgen.train(family, molecules, config=config, steps=1, progress=False).save_pretrained(folder / family)
    return folder


@contextmanager
def within_limits() -> Iterator[None]:
    """What allocates more than the limit fails with another error than those of molgen; what takes longer fails too."""
    soft, hard = resource.getrlimit(resource.RLIMIT_AS)
    now = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    begin = time.process_time()
    resource.setrlimit(resource.RLIMIT_AS, (now + BYTES, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_AS, (soft, hard))
    assert time.process_time() - begin < SECONDS


def loaded(path: Path) -> Any:
    """The model of a directory, or the message by which it is refused."""
    with within_limits():
        try:
            return molgen.load(path)
        except MolgenError as error:
            return str(error)


def places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Paths to everything in a configuration."""
    inside = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [path, *(place for key, part in inside for place in places(part, (*path, key)))]


NASTY = (
    *(0, -1, 1, 2, 3, 7, 10**4, 10**9, 2**31, 2**63, 10**30, -(10**30), True, None, "", "C", "x" * 100_000),
    *(1e-45, 1e-300, 0.5, 1e39, 1e308, float("inf"), float("nan"), -0.0, [], {}, [1] * 1000, ["C"] * 2, [[[]]]),
    *({"1000000000": 1.0}, {"0": 1.0}, {"-5": 1.0}, {"5": -1.0}, {"5": 0.0}, {"5": 1e308, "6": 1e308}),
    *({"atoms": 1e-45}, {"bonds": 1e39}, {"atoms": float("nan")}, {"tokens": 0}, "absorbing", "hamming", "reverse"),
    *("flow", "confidence", "ancestral", "first-hitting", "polynomial", "GATv2Conv", ["walks"], "random", "../../x"),
)


def changed(config: Any, path: tuple[Any, ...], value: Any) -> None:
    """Put a value into a configuration, or under a key of its own."""
    for key in path[:-1]:
        config = config[key]
    config[path[-1]] = value


@st.composite
def changes(draw: st.DrawFn) -> tuple[str, list[tuple[float, Any]]]:
    """A family, and what is put where (as a share of all places)."""
    where = st.floats(0, 1, exclude_max=True)
    return draw(st.sampled_from(FAMILIES)), draw(
        st.lists(st.tuples(where, st.sampled_from(range(len(NASTY)))), min_size=1, max_size=3)
    )


def check(directories: Path, family: str, made: list[tuple[float, int]], sample: bool) -> None:
    folder = directories / family
    file = folder / CONFIG_FILE
    original = file.read_text()
    config = json.loads(original)
    for share, number in made:
        inside = [place for place in places(config) if place and place[0] in ("model", "sampling", "presets")]
        changed(config, inside[int(share * len(inside))], deepcopy(NASTY[number]))
    try:
        file.write_text(json.dumps(config))
        model = loaded(folder)
        if isinstance(model, str):
            assert "\n" not in model
        elif sample:
            few = {"steps": 2} if "steps" in model.settings else {}
            try:
                assert len(model.attempts(2, **few, progress=False)) == 2
            except MolgenError as error:
                assert "\n" not in str(error)
    finally:
        file.write_text(original)


@LINUX
@settings(
    max_examples=80,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(changes())
def test_whatever_a_configuration_says_it_loads_or_is_refused_soon(
    directories: Path, made: tuple[str, list[tuple[float, int]]]
) -> None:
    check(directories, *made, sample=False)


@LINUX
@pytest.mark.slow
@pytest.mark.timeout(3600)
@settings(max_examples=3000, deadline=None, database=None, suppress_health_check=list(HealthCheck))
@given(changes())
def test_whatever_loads_samples_or_says_why_not(directories: Path, made: tuple[str, list[tuple[float, int]]]) -> None:
    check(directories, *made, sample=True)


@LINUX
@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("key", ["width", "layers", "heads", "expansion"])
def test_networks_that_nobody_could_hold_are_refused(directories: Path, family: str, key: str) -> None:
    file = directories / family / CONFIG_FILE
    original = file.read_text()
    try:
        for value in (10**9, 10**30, 16_384, 0):
            config = json.loads(original)
            config["model"]["denoiser" if family == "graph" else "network"][key] = value
            file.write_text(json.dumps(config))
            assert isinstance(loaded(file.parent), str)
    finally:
        file.write_text(original)


@pytest.fixture
def copy(directories: Path, tmp_path: Path) -> Path:
    """A model directory to be spoilt."""
    folder = tmp_path / "model"
    folder.mkdir()
    for name in (CONFIG_FILE, WEIGHTS_FILE):
        (folder / name).write_bytes((directories / "autoregressive" / name).read_bytes())
    return folder


@pytest.mark.parametrize("name", [CONFIG_FILE, WEIGHTS_FILE, RINGS_FILE])
@pytest.mark.parametrize("what", ["pipe", "device", "folder"])
def test_what_is_no_ordinary_file_is_not_read(copy: Path, name: str, what: str) -> None:
    file = copy / name
    file.unlink(missing_ok=True)
    if what == "pipe":
        os.mkfifo(file)
    elif what == "device":
        file.symlink_to("/dev/zero")
    else:
        file.mkdir()
    found = loaded(copy)
    assert isinstance(found, str) and ("is no ordinary file" in found or "not a model directory" in found)


@pytest.mark.parametrize("number", [float("nan"), float("inf")])
def test_weights_that_are_not_finite_are_refused(copy: Path, number: float) -> None:
    weights = load_file(copy / WEIGHTS_FILE)
    weights["head.bias"][1] = number
    save_file(weights, copy / WEIGHTS_FILE)
    config = json.loads((copy / CONFIG_FILE).read_text())
    config["weights_sha256"] = sha256(copy / WEIGHTS_FILE)
    (copy / CONFIG_FILE).write_text(json.dumps(config))
    assert "not finite (head.bias)" in loaded(copy)


def test_a_pickle_in_a_folder_below_is_refused(copy: Path) -> None:
    (copy / "a" / "b").mkdir(parents=True)
    (copy / "a" / "b" / "weights.PKL").write_bytes(b"")
    assert "a/b/weights.PKL, which could run code" in loaded(copy)


@LINUX
def test_a_list_of_rings_that_unpacks_to_far_more_is_refused(copy: Path) -> None:
    with gzip.open(copy / RINGS_FILE, "wb", compresslevel=1) as stream:
        for _ in range(20):
            stream.write(bytes(10_000_000))
    assert "too large" in loaded(copy)


def test_loading_draws_no_random_numbers_and_keeps_no_weights_twice(copy: Path) -> None:
    before = torch.get_rng_state()
    model = molgen.load(copy)
    assert torch.equal(before, torch.get_rng_state())
    assert not any(one.is_meta for one in (*model.parameters(), *model.buffers()))
    assert all(one.requires_grad and one.dtype == torch.float32 for one in model.parameters())
