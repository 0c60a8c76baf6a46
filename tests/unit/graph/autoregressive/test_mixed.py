"""Attempts of several sizes around different pieces, in one decoding: each is what it is alone."""

from __future__ import annotations

import pytest
import torch

from molgen.constraints.conditions import Conditions
from molgen.constraints.fragment import parse_fragment
from molgen.diffusion.random_keys import RandomKeys
from molgen.errors import UsageError
from molgen.models.generator import Generator
from tests.unit.optimisation.tiny import tiny

NOTHING = None
JOINED, OPEN, UNMARKED = (Conditions(fragment=parse_fragment(text)) for text in ("*CN.*C", "*C(=O)N", "CO"))
ASKED = [
    (4, NOTHING),
    (7, JOINED),
    (5, UNMARKED),
    (8, NOTHING),
    (6, OPEN),
    (8, UNMARKED),
    (5, JOINED),
    (5, NOTHING),
    (4, OPEN),
]


@pytest.mark.slow
def test_attempts_of_many_kinds_are_what_they_are_alone() -> None:
    model, seeds = tiny(), range(12)
    sampling = model.sampling_with(valence_guard=True)
    sizes, conditions = [size for size, _ in ASKED], [asked for _, asked in ASKED]
    compared = 0
    for seed in seeds:
        keys = RandomKeys.from_seed(seed, torch.arange(len(ASKED)))
        together = model.sample_several(sizes, keys, sampling, "strict", conditions)
        for row, ((size, asked), attempt) in enumerate(zip(ASKED, together, strict=True)):
            alone = model.sample_batch(size, keys.select(torch.tensor([row])), sampling, "strict", asked)[0]
            if attempt.smiles is None:  # which alone is drawn again
                assert alone.calls > attempt.calls
                continue
            compared += 1
            assert (attempt.smiles, attempt.calls) == (alone.smiles, alone.calls)
            if asked is not None:
                assert asked.fragment is not None and asked.fragment.contained_in(attempt.smiles)
    assert compared > 0.3 * len(ASKED) * len(seeds)


def test_without_the_guard_each_kind_is_drawn_in_a_batch_of_its_own() -> None:
    model = tiny()
    keys = RandomKeys.from_seed(0, torch.arange(4))
    sizes, conditions = [5, 4, 5, 4], [JOINED, NOTHING, JOINED, NOTHING]
    together = model.sample_several(sizes, keys, model.sampling, "strict", conditions)
    first = model.sample_batch(5, keys.select(torch.tensor([0, 2])), model.sampling, "strict", JOINED)
    second = model.sample_batch(4, keys.select(torch.tensor([1, 3])), model.sampling, "strict", NOTHING)
    assert together == [first[0], second[0], first[1], second[1]]


def test_a_family_that_does_not_mix_draws_all_the_same() -> None:
    model = Generator.from_pretrained("qm9-graph")
    keys, sampling = RandomKeys.from_seed(0, torch.arange(3)), model.sampling_with(steps=4)
    found = model.sample_several([5, 9, 5], keys, sampling, "raw", [None, None, None])
    assert found[1] == model.sample_batch(9, keys.select(torch.tensor([1])), sampling, "raw")[0]


def test_a_part_that_the_model_does_not_know_is_refused() -> None:
    asked = Conditions(fragment=parse_fragment("*CCl"))
    model = tiny()
    keys = RandomKeys.from_seed(0, torch.arange(2))
    with pytest.raises(UsageError, match="Cl"):
        model.sample_several([5, 5], keys, model.sampling_with(valence_guard=True), "strict", [None, asked])
