from __future__ import annotations

import math
import signal
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor

from molgen.constraints.fragment import parse_fragment
from molgen.diffusion.random_keys import RandomKeys
from molgen.errors import ConditionWarning, UsageError
from molgen.models.generator import Generator
from molgen.models.results import Attempt
from molgen.optimisation import OptimiserConfig, optimise
from molgen.optimisation.learner import Learner
from molgen.optimisation.maker import Maker
from molgen.optimisation.memory import Memory
from molgen.optimisation.optimise import Failed, work
from molgen.optimisation.optimiser import Optimiser
from molgen.optimisation.proposals import Proposer
from molgen.optimisation.sources import SOURCES, Source, Sources
from molgen.optimisation.surrogate import Surrogate
from tests.unit.optimisation.tiny import oxygens, tiny

FAST = {"batch": 32, "learning_rate": 1e-3, "learning_calls": 40, "progress": False}


@pytest.mark.slow
@pytest.mark.parametrize("learning", ("augmented", "reinforce", "elite"))
def test_what_is_sampled_becomes_better(learning: str) -> None:
    model = tiny()
    config = OptimiserConfig.of(
        batch=32, learning=learning, learning_rate=1e-2, sigma=20, sources="new", updates=4, learning_calls=1000
    )
    optimiser = Optimiser(model, oxygens, config)
    for _ in range(8):
        optimiser.step()
    before, after = (
        np.mean(oxygens(list(each.attempts(100, progress=False, valence_guard=True))))
        for each in (model, optimiser.agent)
    )
    assert after > before + 0.1


@pytest.mark.slow
@pytest.mark.parametrize("source", ("regrown", "crossed", "mutated"))
def test_each_source_finds_better_molecules_than_sampling_alone(source: str) -> None:
    sampled = optimise(tiny(), oxygens, calls=150, updates=0, sources="new", **FAST)
    found = optimise(tiny(), oxygens, calls=150, updates=0, sources=(source,), **FAST)
    assert found.curve[-1].top_ten > sampled.curve[-1].top_ten


@pytest.mark.slow
def test_sources_whose_molecules_are_good_make_more_of_them() -> None:
    """The model has no bromine: mutation adds it, crossover and parts that are kept hand it on."""
    config = OptimiserConfig.of(batch=40, updates=0)
    optimiser = Optimiser(tiny(), lambda texts: [text.count("Br") / 10 for text in texts], config)
    optimiser.memory.add(["CCBr", "CCC"], [0.1, 0.0])
    for _ in range(6):
        optimiser.step()
    counts = optimiser.sources.counts(40, SOURCES, np.random.default_rng(0))
    assert min(counts["mutated"], counts["crossed"], counts["regrown"]) > 3 * counts["new"]


@pytest.mark.slow
def test_results_depend_on_the_seed_and_the_model_stays() -> None:
    model = tiny()
    weights = [part.clone() for part in model.parameters()]
    first, again, other = (optimise(model, oxygens, calls=60, seed=seed, **FAST) for seed in (0, 0, 1))
    assert first.memory.smiles == again.memory.smiles != other.memory.smiles
    assert all(torch.equal(a, b) for a, b in zip(weights, model.parameters(), strict=True))
    assert not all(torch.equal(a, b) for a, b in zip(weights, first.model.parameters(), strict=True))


@pytest.mark.slow
def test_as_many_different_molecules_are_scored_as_calls() -> None:
    asked: list[str] = []

    def score(smiles: list[str]) -> list[float]:
        asked.extend(smiles)
        return oxygens(smiles)

    found = tiny().optimise(score, calls=77, batch=20, progress=False)
    assert len(asked) == len(set(asked)) == len(found) == 77
    assert found.curve[-1].calls == 77
    table = found.table(5)
    assert table["total"] == pytest.approx(sorted(oxygens(asked), reverse=True)[:5], abs=1e-6)
    assert table["total"] == pytest.approx(oxygens(table["smiles"]), abs=1e-6)


@pytest.mark.slow
def test_every_molecule_has_the_fragment() -> None:
    fragment = parse_fragment("*C(=O)N")
    found = optimise(tiny(), oxygens, calls=60, fragment="*C(=O)N", **FAST)
    assert len(found) == 60 and all(fragment.contained_in(text) for text in found.memory.smiles)


@pytest.mark.slow
@pytest.mark.parametrize("name", ("qm9-ar", "qm9-text", "qm9-graph"))
def test_other_families_are_optimised_as_well(name: str) -> None:
    """One whose likelihood is exact, and two of which there is a bound; texts cannot go on from all parts."""
    model = Generator.from_pretrained(name)
    found = model.optimise(oxygens, calls=20, batch=16, learning_calls=20, progress=False)
    assert len(found) == 20 and found.curve[1].calls > found.curve[0].calls
    changed = zip(model.parameters(), found.model.parameters(), strict=True)
    assert any(not torch.equal(a, b) for a, b in changed)


def test_sizes_follow_the_good_molecules() -> None:
    model, memory, sizes = tiny(), Memory(), {}
    memory.add(["CC(C)CCCCO", "CCCC"], [0.9, 0.1])
    for share in (0.0, 0.5, 1.0):
        config = OptimiserConfig.of(own_sizes=share, parents=1)
        proposer = Proposer(model, model.sampling, config, None)
        keys = RandomKeys.from_seed(0, torch.arange(60))
        sizes[share] = [one.size for one in proposer.proposals(memory, 0, keys, np.random.default_rng(0))]
    assert set(sizes[0.0]) == {4, 5, 6, 7, 8} and set(sizes[1.0]) == {6, 7, 8}
    assert np.mean(sizes[0.0]) + 0.3 < np.mean(sizes[0.5]) < np.mean(sizes[1.0]) - 0.3


@pytest.mark.parametrize("smiles", ("C", "CO", "CCC"))
def test_no_attempt_has_less_than_an_atom(smiles: str) -> None:
    model, memory = tiny(), Memory()
    model.config.sizes.update(dict.fromkeys((1, 2, 3), 0.1))
    memory.add([smiles, "N"], [0.9, 0.1])
    proposer = Proposer(model, model.sampling, OptimiserConfig.of(own_sizes=1.0, parents=1), None)
    keys = RandomKeys.from_seed(0, torch.arange(60))
    sizes = {one.size for one in proposer.proposals(memory, 0, keys, np.random.default_rng(0))}
    assert min(sizes) == 1


def test_attempts_are_counted_for_what_they_were() -> None:
    """Nothing can be kept of a molecule of two atoms, so new ones are made instead."""
    model, memory, draw = tiny(), Memory(), np.random.default_rng(0)
    memory.add(["CO", "C"], [0.9, 0.1])
    maker = Maker(model, OptimiserConfig.of(batch=8, parents=1), None, known=())
    assert maker.sampled({"new": 2, "regrown": 6}, memory, 0, draw)[1] == {"new": 8, "regrown": 0}


@pytest.mark.parametrize("children", (None, 1, 3, 8, 20))
def test_as_many_attempts_as_asked_for_keep_a_part(children: int | None) -> None:
    """Whether or not their number is a multiple of the attempts for each part."""
    model, memory = tiny(), Memory()
    memory.add(["CC(N)CO", "CCOCC(N)O", "C"], [0.9, 0.8, 0.1])
    config = OptimiserConfig.of(children=children)
    keys = RandomKeys.from_seed(0, torch.arange(9))
    proposals = Proposer(model, model.sampling, config, None).proposals(memory, 4, keys, np.random.default_rng(0))
    assert sum(one.attempts for one in proposals) == 9
    assert sum(one.attempts for one in proposals if one.conditions is not None) == 4


@pytest.mark.slow
def test_learning_ends_after_its_calls_and_the_search_goes_on() -> None:
    optimiser = Optimiser(tiny(), oxygens, OptimiserConfig.of(batch=16, learning_calls=20, learning_rate=1e-2))
    learned = []
    while len(optimiser.memory) < 80:
        before, calls = [part.clone() for part in optimiser.agent.parameters()], len(optimiser.memory)
        optimiser.step()
        same = all(torch.equal(a, b) for a, b in zip(before, optimiser.agent.parameters(), strict=True))
        learned.append((calls, not same))
    assert len(learned) > 5 and all(changed == (calls < 20) for calls, changed in learned[1:])


def test_while_the_generator_learns_it_makes_all_molecules_if_it_may_make_any() -> None:
    memory = Memory()

    def available(**settings: object) -> list[str]:
        return list(Maker(tiny(), OptimiserConfig.of(learning_calls=3, **settings), None, ()).available(memory))

    memory.add(["CCO", "CC"], [0.9, 0.1])
    assert available() == ["new", "regrown"]
    assert available(sources="new,mutated") == ["new"]
    assert available(sources="mutated,crossed") == ["crossed", "mutated"]
    assert available(updates=0) == list(SOURCES)
    memory.add(["CCC"], [0.0])
    assert available() == list(SOURCES)


def test_few_attempts_of_the_model_are_put_together() -> None:
    """As many on average, but not in every step."""
    memory, sources, draw = Memory(), Sources(), np.random.default_rng(0)
    memory.add(["CCO", "CC"], [0.9, 0.1])
    sources.count({"new": (40, 0), "regrown": (40, 0), "crossed": (200, 100), "mutated": (200, 100)})
    maker = Maker(tiny(), OptimiserConfig(), None, ())
    drawn = [maker.counts(sources, memory, draw) for _ in range(2000)]
    attempts = np.array([counts["new"] + counts["regrown"] for counts in drawn])
    apart = [sources.counts(32, SOURCES, draw) for _ in range(1000)]
    expected = np.mean([counts["new"] + counts["regrown"] for counts in apart])
    assert set(attempts) == {0, 8} and abs(attempts.mean() - expected) < 0.4 and expected < 6


@pytest.mark.parametrize("among", (("new", "mutated"), ("regrown", "crossed"), ("mutated",), ("new",), SOURCES))
@pytest.mark.parametrize("batch", (1, 5, 40))
def test_no_more_attempts_than_a_step_has_molecules(batch: int, among: tuple[Source, ...]) -> None:
    """Attempts of different steps are numbered apart only so."""
    memory, sources, draw = Memory(), Sources(), np.random.default_rng(0)
    memory.add(["CCO", "CC"], [0.9, 0.1])
    maker = Maker(tiny(), OptimiserConfig(batch=batch, sources=among), None, ())
    for _ in range(30):
        counts = maker.counts(sources, memory, draw)
        assert set(counts) == set(among) and counts.get("new", 0) + counts.get("regrown", 0) <= batch
        sources.count({source: (count, 0) for source, count in counts.items()})


def test_all_that_a_step_made_is_chosen_from_together() -> None:
    config = OptimiserConfig.of(batch=8, screened=5)
    maker, memory, draw = Maker(tiny(), config, None, ()), Memory(), np.random.default_rng(0)
    memory.add(["CCO", "CCOC", "CCC", "CCCC"], [1.0, 0.9, 0.1, 0.0])
    made: dict[str, Source] = {f"{'C' * n}C": "new" for n in range(5, 15)}
    made |= {f"{'C' * n}OC": "mutated" for n in range(5, 15)}
    chosen = maker.chosen(made, 8, memory, draw)
    assert len(chosen) == 8 and list(chosen.values()).count("mutated") > 4
    assert [text for text in made if text in chosen] == list(chosen)
    alone = Maker(tiny(), OptimiserConfig.of(batch=8, screened=1), None, ())
    assert alone.chosen(made, 8, memory, draw) == made


def test_no_two_gradient_steps_share_their_randomness() -> None:
    """A step on new and remembered molecules is followed by one on remembered ones alone."""
    seen: list[int] = []

    class Watched(Learner):
        def _costs(self, model: Generator, smiles: Sequence[str], examples: Tensor) -> Tensor:
            if model is self.agent:
                seen.extend(examples.tolist())
            return super()._costs(model, smiles, examples)

    learner = Watched(tiny(), tiny(), OptimiserConfig(batch=2, replay=2, random_orders=True))
    for number, smiles in enumerate(
        (["CCO", "CCN", "CCCC", "CC=O"], ["CCO", "CCCC"], ["CCN"], ["C#CCO", "CCO", "OCCO"])
    ):
        learner.update(smiles, [0.5] * len(smiles), 0.5, number)
    assert len(seen) == 10 == len(set(seen))


def test_work_ends_where_there_are_no_more_molecules() -> None:
    model = tiny()
    optimiser = Optimiser(model, oxygens, OptimiserConfig(batch=8))
    optimiser.agent.sample_several = lambda sizes, *_: [Attempt(None, 1)] * len(sizes)  # type: ignore[method-assign]
    while not optimiser.done:
        optimiser.step()
    assert len(optimiser.memory) == 0 and str(optimiser.result()).startswith("calls 0")
    with pytest.warns(ConditionWarning, match="ended after 0 of 10,000 calls: the last 50 steps made no molecule"):
        optimiser.warn_at_the_end()


def test_work_ends_once_enough_molecules_are_perfect() -> None:
    found = optimise(tiny(), lambda texts: [float("O" in text) for text in texts], enough=5, progress=False, batch=8)
    perfect = [total for total in found.memory.totals if total == 1]
    assert 5 <= len(perfect) <= 12 and len(found) < 100


@pytest.mark.slow
def test_a_score_that_never_differs_is_warned_of() -> None:
    with pytest.warns(ConditionWarning, match=r"the score is 0.3 for all of the first 5\d\d molecules"):
        optimise(tiny(), lambda smiles: [0.3] * len(smiles), calls=550, updates=0, batch=64, progress=False)


def test_a_short_run_with_a_score_that_never_differs_is_warned_of_at_its_end() -> None:
    with pytest.warns(ConditionWarning, match="the score is 0 for all of the 20 molecules"):
        optimise(tiny(), lambda smiles: [0.0] * len(smiles), calls=20, **FAST)


@pytest.mark.slow
def test_scores_are_named_as_on_the_command_line(tmp_path: Path) -> None:
    (tmp_path / "score.toml").write_text('[[terms]]\ntype = "property"\nproperty = "QED"\n')
    found = tiny().optimise(str(tmp_path / "score.toml"), calls=20, **FAST)
    assert found.names == tiny().optimise("pmo/qed", calls=20, **FAST).names
    assert len(found.oddities(5)["SA"]) == 5
    with pytest.raises(UsageError, match="guacamol has no task"):
        tiny().optimise("guacamol/none", calls=20, **FAST)


def test_a_molecule_without_a_value_counts_as_nothing() -> None:
    found = optimise(tiny(), lambda texts: [math.nan if "N" in text else 1.0 for text in texts], calls=40, **FAST)
    assert set(found.memory.totals) == {0.0, 1.0}
    assert f"; {found.memory.totals.count(0.0)} molecules without a value" in str(found)
    assert all("N" not in text for text in found.best(5))


@pytest.mark.parametrize(
    ("settings", "message"),
    (
        ({"calls": 0}, "calls"),
        ({"learning": "guess"}, "learning"),
        ({"sources": "new,old"}, "source 2 must be 'new', 'regrown', 'crossed' or 'mutated', not 'old'"),
        ({"chance": 1}, "chance"),
        ({"fragment": "c1cc("}, "not SMILES"),
        ({"fragment": "*S"}, "does not fit the model"),
    ),
    ids=str,
)
def test_what_cannot_be_done_is_refused_in_one_line(settings: dict[str, object], message: str) -> None:
    with pytest.raises(UsageError) as found:
        optimise(tiny(), oxygens, progress=False, **settings)
    assert message in str(found.value) and "\n" not in str(found.value)


def test_a_score_that_fails_ends_the_work_in_one_line_and_what_was_found_is_kept() -> None:
    calls: list[int] = []

    def score(smiles: list[str]) -> list[float]:
        calls.append(len(smiles))
        return oxygens(smiles) if len(calls) < 3 else [1.0]

    with pytest.raises(Failed, match=r"the score returned 1 values for \d+ molecules") as failed:
        optimise(tiny(), score, calls=500, **FAST)
    assert len(failed.value.found) == sum(calls[:2])


def test_ctrl_c_gives_what_was_found_so_far() -> None:
    found = optimise(tiny(), oxygens, calls=500, batch=16, progress=lambda _: signal.raise_signal(signal.SIGINT))
    assert 0 < len(found) <= 16


def test_results_are_tables(tmp_path: Path) -> None:
    found = optimise(tiny(), oxygens, calls=20, **FAST)
    assert found.to_pandas(5).columns.tolist() == ["smiles", "total"]
    found.save(tmp_path / "best.csv", 5, extra={"rank": range(5)})
    lines = (tmp_path / "best.csv").read_text().splitlines()
    assert lines[0] == "smiles,total,rank" and len(lines) == 6
    assert "calls 20" in repr(found)
    assert list(found)[:5] == found.best(5) and len(list(found)) == 20


def test_a_step_with_few_calls_left_scores_what_the_surrogate_prefers() -> None:
    config = OptimiserConfig(calls=40, batch=16)
    optimiser = Optimiser(tiny(), oxygens, config)
    while len(optimiser.memory) < 32:
        optimiser.step()
    made = {f"{'C' * n}O{'C' * m}": "mutated" for n in range(1, 9) for m in range(1, 5)}
    chosen = optimiser.maker.chosen(made, 2, optimiser.memory, np.random.default_rng(0))  # type: ignore[arg-type]
    surrogate = Surrogate(optimiser.memory)
    assert set(chosen) == set(surrogate.chosen(list(made), 2, np.random.default_rng(0)))
    wanted: list[int] = []
    plain, left = optimiser.maker.chosen, 40 - len(optimiser.memory)

    def watched(made: Mapping[str, Source], count: int, memory: Memory, draw: np.random.Generator) -> dict[str, Source]:
        wanted.append(count)
        return plain(made, count, memory, draw)

    optimiser.maker.chosen = watched  # type: ignore[method-assign]
    optimiser.step()
    assert wanted == [left] and 0 < left < 16


def test_a_search_that_stood_still_can_go_on() -> None:
    optimiser = Optimiser(tiny(), oxygens, OptimiserConfig(calls=40, batch=8))
    optimiser.stalled = 50
    work(optimiser, progress=False)
    assert len(optimiser.memory) == 40


def test_molecules_to_begin_from_that_leave_no_calls_are_warned_of() -> None:
    with pytest.warns(ConditionWarning, match="take all 3 calls"):
        assert len(optimise(tiny(), oxygens, start=["CO", "CCO", "CCCO", "OCO"], calls=3, progress=False)) == 3


def test_settings_are_finite() -> None:
    for name in ("rank", "sigma", "learning_rate"):
        with pytest.raises(UsageError, match=name):
            OptimiserConfig.of(**{name: math.inf})
