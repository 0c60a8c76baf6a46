"""What all generators do with attempts: sizes, windows, numbers, repeats, calls; on chains of one to six atoms."""

from __future__ import annotations

from collections import Counter

import pytest
import torch

from molgen.constraints.conditions import Conditions
from molgen.diffusion.random_keys import RandomKeys
from molgen.models import generator as module
from molgen.models.results import Attempt, TooFew
from molgen.models.sampling import SamplingConfig
from molgen.models.source import Form
from tests.toy_family.model import Chains, ChainsConfig
from tests.unit.graph.toy import toy

SHARES = torch.tensor([0.4, 0.3, 0.15, 0.1, 0.05, 0.0])


class Counted(Chains):
    """Chains that take as many calls as they have atoms; one of five is not valid, of two keys alike are alike."""

    def sample_batch(
        self, size: int, rng: RandomKeys, sampling: SamplingConfig, form: Form, conditions: Conditions | None = None
    ) -> list[Attempt]:
        broken = "C(" * size if form == "raw" else None
        return [Attempt(broken if bad else "C" * size, size) for bad in (rng.uniform() < 0.2).tolist()]


@pytest.fixture
def chains() -> Counted:
    model = Counted(ChainsConfig(largest=6))
    with torch.no_grad():
        model.logits.copy_(SHARES.log())
    return model


def test_sizes_are_as_frequent_as_the_model_says(chains: Counted) -> None:
    sizes = Counter(text.count("C") for text in chains.attempts(4000, progress=False))
    assert set(sizes) == {1, 2, 3, 4, 5}
    for size, share in enumerate(SHARES.tolist(), 1):
        assert sizes[size] / 4000 == pytest.approx(share, abs=3.5 * (0.25 / 4000) ** 0.5)


def test_sizes_of_graphs_and_texts_are_as_frequent_as_in_training() -> None:
    import molgen

    graphs, texts = toy(), molgen.load("qm9-text")
    shares = {3: 0.2, 4: 0.7, 5: 0.1}
    graphs.config = graphs.config.model_copy(update={"sizes": shares})
    texts.config = texts.config.model_copy(update={"lengths": shares})
    for model in (graphs, texts):
        drawn = model.draw_sizes(RandomKeys.from_seed(3, torch.arange(4000)), model.sampling)
        for size, share in shares.items():
            assert float((drawn == size).float().mean()) == pytest.approx(share, abs=0.03)
    asked = Conditions.of(None, None, "4..", None)
    drawn = graphs.draw_sizes(RandomKeys.from_seed(3, torch.arange(4000)), graphs.sampling, asked)
    assert float((drawn == 4).float().mean()) == pytest.approx(7 / 8, abs=0.03) and drawn.min() == 4


def test_windows_and_batches_change_nothing(chains: Counted, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = chains.attempts(40, seed=5, progress=False)
    assert len(set(whole)) > 3
    for window, batch in ((8, 128), (8, 3), (16384, 7)):
        monkeypatch.setattr(module, "WINDOW", window)
        assert chains.attempts(40, seed=5, batch_size=batch, progress=False) == whole
    assert chains.attempts(12, seed=5, progress=False).smiles == whole.smiles[:12]
    assert chains.attempts(40, seed=6, progress=False) != whole


def test_calls_are_the_mean_of_all_attempts(chains: Counted) -> None:
    found = chains.attempts(60, progress=False)
    assert found.calls == pytest.approx(sum(text.count("C") for text in found) / 60)


def test_molecules_are_kept_once_in_the_order_of_attempts(chains: Counted, monkeypatch: pytest.MonkeyPatch) -> None:
    attempts = [text for text in chains.attempts(200, seed=2, progress=False) if "(" not in text]
    order = list(dict.fromkeys(attempts))
    for window in (2, 16384):
        monkeypatch.setattr(module, "WINDOW", window)
        found = chains.generate(4, seed=2, progress=False)
        assert found.smiles == order[:4]
        raw = chains.attempts(found.attempted, seed=2, progress=False).smiles
        valid = [text for text in raw if "(" not in text]
        assert found.counts() == {
            **{"requested": 4, "attempted": len(raw), "valid": len(valid), "unique": 4, "kept": 4}
        }
        assert raw[-1] == order[3] and found.calls == pytest.approx(sum(text.count("C") for text in raw) / len(raw))


def test_it_gives_up_after_as_many_attempts_as_are_allowed(chains: Counted) -> None:
    with pytest.raises(TooFew, match=r"only 5 of 6 molecules after 150 attempts") as caught:
        chains.generate(6, max_attempts=150, progress=False)
    found = caught.value.found
    assert (found.attempted, found.kept, len(set(found))) == (150, 5, 5)
    with pytest.raises(TooFew, match=r"after 1,120 attempts"):
        chains.generate(6, progress=False)
    with pytest.raises(TooFew, match=r"only 0 of 3 molecules after 500 attempts"):
        chains.generate(3, keep="heavy_atoms > 6", progress=False)


def test_what_is_followed_is_the_number_of_attempts(chains: Counted) -> None:
    done: list[int] = []
    chains.attempts(50, batch_size=9, progress=done.append)
    assert sum(done) == 50 and max(done) <= 9


def test_metrics_while_training_are_of_strict_attempts(chains: Counted) -> None:
    attempts = chains.attempts(100, seed=0, progress=False)
    valid = [text for text in attempts if "(" not in text]
    expected = {"validity": len(valid) / 100, "uniqueness": len(set(valid)) / len(valid)}
    assert chains.sample_metrics(100) == pytest.approx(expected)


def test_sampling_is_without_dropout_and_leaves_the_model_as_it_was(chains: Counted) -> None:
    seen = []
    chains.train()
    drawn = chains.draw_sizes
    chains.draw_sizes = lambda *args: seen.append(chains.training) or drawn(*args)  # type: ignore[method-assign]
    chains.attempts(5, progress=False)
    assert seen == [False] and chains.training


def test_sizes_and_molecules_of_one_size_depend_on_the_seed_and_on_the_attempt(chains: Counted) -> None:
    sizes = [[text.count("C") for text in chains.attempts(60, seed=seed, progress=False)] for seed in (5, 6)]
    assert sizes[0] != sizes[1]
    with torch.no_grad():
        chains.logits.copy_(torch.tensor([0.0, 0, 1, 0, 0, 0]).log())  # three atoms alone
    broken = [["(" in text for text in chains.attempts(60, seed=seed, progress=False)] for seed in (5, 6)]
    assert broken[0] != broken[1] and all(0 < sum(found) < 60 for found in broken)
