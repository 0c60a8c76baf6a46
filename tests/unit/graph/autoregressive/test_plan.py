"""Targets and sizes under conditions: rows of training molecules, and what is said where there are none."""

from __future__ import annotations

import pandas
import pytest
import torch

from molgen.chem.vocabulary import Vocabulary
from molgen.constraints.conditions import Conditions
from molgen.diffusion.random_keys import RandomKeys
from molgen.errors import UsageError
from molgen.graph.autoregressive.model import AutoregressiveGraphModel
from molgen.graph.autoregressive.plan import Plan
from tests.unit.graph.toy import conditioned

# weight, heavy atoms, size
ROWS = torch.tensor([[40.0, 3.0, 3.0], [45.0, 3.0, 3.0], [60.0, 4.0, 4.0]])


def model() -> AutoregressiveGraphModel:
    """A toy that holds the three rows, over and over."""
    made = conditioned()
    made.targets.copy_(ROWS.repeat(len(made.targets) // 3 + 1, 1)[: len(made.targets)])
    return made


def drawn(asked: Conditions) -> tuple[list[float], list[int]]:
    plan, keys = model()._plan(asked), RandomKeys.from_seed(0, torch.arange(50))
    targets = plan.asked(keys).targets
    assert targets is not None
    return targets.values[:, 0].tolist(), plan.sizes(keys).tolist()


def test_targets_and_sizes_belong_to_one_training_molecule_inside_the_ranges() -> None:
    asked = Conditions.of(properties={"weight": (42, 100)})
    assert asked is not None and not model().cautions(asked)
    weights, sizes = drawn(asked)
    assert set(zip(weights, sizes, strict=True)) == {(45.0, 3), (60.0, 4)}


def test_what_no_training_molecule_has_together_is_said() -> None:
    asked = Conditions.of(properties={"weight": (55, 70)}, atoms=3)
    assert asked is not None
    assert model().cautions(asked) == [
        "none of the training molecules that the model holds has all that is asked for together"
    ]
    weights, sizes = drawn(asked)
    assert set(sizes) == {3} and all(55 <= weight <= 70 for weight in weights)


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({"atoms": (500, None)}, r"molecules of 3 to 4 atoms; 500\.\. are asked for$"),
        ({"fragment": "*CC*", "atoms": 3}, r"the fragment needs at least 4 and 3 are asked for$"),
        ({"fragment": "*CCCC*"}, r"; the fragment needs at least 6$"),
    ],
)
def test_a_size_that_cannot_be_had_is_refused_with_what_is_needed(asked: dict[str, object], said: str) -> None:
    conditions = Conditions.of(**asked)  # type: ignore[arg-type]
    assert conditions is not None
    with pytest.raises(UsageError, match=said):
        model()._plan(conditions)


def test_each_attempt_has_its_own_targets_and_the_size_of_a_molecule_near_them() -> None:
    wanted = pandas.DataFrame({"weight": [41.0, 58.5, 44.0, 70.0]})
    asked = Conditions.of(properties=wanted)
    assert asked is not None and asked.asked == {"weight"}
    made, keys = model(), RandomKeys.from_seed(0, torch.tensor([3, 0]))
    plan = made._plan(asked.for_attempts([3, 0]))
    targets = plan.asked(keys).targets
    assert targets is not None and targets.values[:, 0].tolist() == [70.0, 41.0]
    assert targets.known.tolist() == [[True, False]] * 2 and plan.sizes(keys).tolist() == [4, 3]


def test_attempts_with_targets_do_not_depend_on_the_batch_size() -> None:
    made, wanted = model(), pandas.DataFrame({"weight": [41.0, 58.5, 44.0, 70.0, 52.0]})
    assert made.attempts(5, properties=wanted) == made.attempts(5, properties=wanted, batch_size=2)
    assert made.attempts(3, properties=wanted).smiles == made.attempts(5, properties=wanted).smiles[:3]
    with pytest.raises(UsageError, match="has 5 rows"):
        made.attempts(6, properties=wanted)


def test_a_table_is_for_raw_attempts() -> None:
    with pytest.raises(UsageError, match="attempts"):
        model().generate(1, properties=pandas.DataFrame({"weight": [41.0]}))
    with pytest.raises(UsageError, match=r"row 1 .* no value of weight"):
        Conditions.of(properties=pandas.DataFrame({"weight": [41.0, None]}))


def test_sizes_around_pieces_are_as_likely_as_so_large_a_share_is_given_in_training() -> None:
    base = conditioned(size=3).config
    config = base.model_copy(update={"sizes": {4: 0.5, 6: 0.5}, "given": {1: (0.0, 0.1, 0.3, 0.6)}})
    fragment = Conditions.of(fragment="CN")
    assert fragment is not None
    plan = Plan(config, Vocabulary(config.atoms), None, fragment)
    sizes = plan.sizes(RandomKeys.from_seed(0, torch.arange(20_000)))
    likely = {4: 0.3 / 4, 6: 0.1 / 6}  # 2 of 4 atoms are in the third bin, 2 of 6 in the second
    expected = likely[4] / sum(likely.values())
    assert abs(float((sizes == 4).double().mean()) - expected) < 0.02


def test_rows_of_properties_are_weighted_alike() -> None:
    base = conditioned(size=3).config
    config = base.model_copy(update={"sizes": {4: 0.5, 6: 0.5}, "given": {1: (0.0, 0.1, 0.3, 0.6)}})
    asked = Conditions.of(fragment="CN", properties={"weight": (0, 100)})
    assert asked is not None
    table = torch.tensor([[40.0, 4.0, 4.0], [60.0, 6.0, 6.0]])
    plan, keys = Plan(config, Vocabulary(config.atoms), table, asked), RandomKeys.from_seed(0, torch.arange(20_000))
    expected = (0.3 / 4) / (0.3 / 4 + 0.1 / 6)
    assert abs(float((plan.sizes(keys) == 4).double().mean()) - expected) < 0.02


def test_sizes_around_pieces_follow_a_power_of_their_shares() -> None:
    base = conditioned(size=3).config
    config = base.model_copy(update={"sizes": {4: 0.9, 6: 0.1}, "given": {1: (0.25, 0.25, 0.25, 0.25)}})
    fragment = Conditions.of(fragment="CN")
    assert fragment is not None
    plan = Plan(config, Vocabulary(config.atoms), None, fragment)
    sizes = plan.sizes(RandomKeys.from_seed(0, torch.arange(20_000)))
    likely = {4: 0.9**0.25 / 4, 6: 0.1**0.25 / 6}
    assert abs(float((sizes == 4).double().mean()) - likely[4] / sum(likely.values())) < 0.02
