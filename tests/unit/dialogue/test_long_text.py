"""Texts without end: windows of them, and going on far beyond the longest of training."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import pytest
import torch

from molgen.datasets.splits import SplitConfig
from molgen.dialogue import BlockDiffusion, read_stream, split_stream
from molgen.dialogue.long_text import stream_batches
from molgen.dialogue.model import BlockConfig
from molgen.errors import MolgenError, UsageError
from molgen.nn.transformer import TransformerConfig
from molgen.text.tokenizers import BytePairTokenizer, TokenizerConfig
from tests.conftest import Run

LINES = ["one two three\n", "four five six\n", "seven eight nine\n", "ten\n"] * 25


def test_windows_cover_the_text_and_are_cut_anew_on_every_visit() -> None:
    text = "".join(LINES)
    tokenizer = BytePairTokenizer.learn(LINES, 300)
    tokens = tokenizer.encode(text)

    def windows(visit: int) -> list[list[int]]:
        stream = iter(stream_batches(text, tokenizer, 16, 8, seed=3))
        found: list[list[int]] = []
        for batch in stream:
            if batch.visit > visit:
                return found
            if batch.visit == visit:
                assert batch.begins.tolist() == [1] * len(batch)
                found += batch.tokens.tolist()
        return found

    first, second = windows(0), windows(1)
    assert first == windows(0) != second
    for found in (first, second):
        places = [next(i for i in range(len(tokens)) if tokens[i : i + 17] == window) for window in found]
        assert all(tokens[place : place + 17] == window for place, window in zip(places, found, strict=True))
        assert len(found) in (len(tokens) // 16, len(tokens) // 16 - 1)
    with pytest.raises(MolgenError, match="shorter windows"):
        stream_batches("ab", tokenizer, 16, 8)


def test_the_last_lines_are_held_out(tmp_path: Path) -> None:
    path = tmp_path / "text.txt"
    path.write_text("".join(f"line {i}\n" for i in range(50)))
    parts = split_stream(read_stream(path), SplitConfig(validation=0.1, test=0.2))
    assert parts["test"].startswith("line 40\n") and parts["test"].endswith("line 49\n")
    assert parts["validation"].splitlines() == [f"line {i}" for i in range(35, 40)]
    assert parts["train"] + parts["validation"] + parts["test"] == path.read_text()
    path.write_text("")
    with pytest.raises(MolgenError, match="is empty"):
        read_stream(path)
    with pytest.raises(UsageError, match="no text"):
        read_stream(tmp_path / "none.txt")


def test_going_on_longer_begins_alike_and_forgets_what_is_far() -> None:
    config = BlockConfig(
        tokenizer=TokenizerConfig(tokens=("C", "O")),
        longest=8,
        block=2,
        window=6,
        network=TransformerConfig(width=16, layers=2, heads=2),
    )
    model = BlockDiffusion(config)
    torch.manual_seed(1)
    for parameter in model.parameters():
        torch.nn.init.normal_(parameter, std=0.4)
    model.eval()
    short, long = (model.go_on("C", count, 8, seed=1) for count in (10, 60))
    assert [len(text) for text in long] == [60] * 8
    assert [text[:10] for text in long] == short
    assert model.go_on("COCOCO", 20, 4) == model.go_on("OOOCC" + "COCOCO", 20, 4)
    assert model.go_on("OOOOOO", 20, 40) != model.go_on("CCCCCC", 20, 40)
    for wrong in (("", 5, 1), ("C", 0, 1), ("C", 5, 0)):
        with pytest.raises(UsageError):
            model.go_on(*wrong)


@pytest.mark.slow
def test_a_trained_stream_stays_as_good_far_beyond_its_windows(molgen: Run, tmp_path: Path) -> None:
    path = tmp_path / "text.txt"
    path.write_text("0123456789" * 40 + "\n" + "".join("0123456789" * 4 + "\n" for _ in range(20)))
    config = tmp_path / "config.toml"
    config.write_text(
        "block = 4\n[data]\nvocabulary = 256\nlength = 16\nsplit = { validation = 0.05, test = 0.05 }\n"
        "[network]\nwidth = 32\nlayers = 2\nheads = 2\n"
        "[optimiser]\nsteps = 250\nbatch_size = 32\nwarmup = 5\nlearning_rate = 1e-2\n"
    )
    run = tmp_path / "run"
    molgen("train", "stream", "--data", path, "--out", run, "--config", config)
    command = ("dialogue", "write", "--model", run / "model", "--start", "01234", "--tokens", 400, "--top-p", 0.5)
    text = "4" + molgen(*command).stdout.replace("\n", "")
    right = [(int(b) - int(a)) % 10 == 1 for a, b in pairwise(text)]
    assert len(text) > 350
    assert sum(right[:50]) > 45 and sum(right[-50:]) > 45
    assert (
        "some blocks long"
        in molgen(
            "train", "stream", "--data", path, "--out", tmp_path / "x", "--config", _with(config, "length = 18"), code=2
        ).stderr
    )
    assert molgen("dialogue", "write", "--model", run / "model", "--start", "", code=2).stderr.count("\n") == 1


def _with(config: Path, line: str) -> Path:
    other = config.with_name("other.toml")
    other.write_text(config.read_text().replace("length = 16", line))
    return other
