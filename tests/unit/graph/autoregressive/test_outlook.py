"""What rings would lack after a choice: against what they lack once it has been made."""

from __future__ import annotations

import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from molgen.graph.autoregressive.aromatic import aromatic_states
from molgen.graph.autoregressive.outlook import CODES, effects, outlooks, rings_before, rings_now
from tests.unit.graph.autoregressive.test_aromatic import rings


def code(missing: int, ends: int, left: int) -> int:
    return (min(missing, 3) * 4 + min(ends, 3)) * 4 + min(left, 3)


@given(rings(), st.integers(0, 5), st.integers(0, 3))
@settings(max_examples=150, deadline=None)
def test_outlooks_come_true(case: tuple[list[list[int]], list[int]], left: int, bonded: int) -> None:
    """Of a last atom with aromatic bonds alone, as many as `bonded`, and one more of any kind.

    Matchings may change in one place: where a bond relieves an atom of its need, it is the new atom's only one.
    """
    bonds, valences = torch.tensor([case[0]]), torch.tensor([case[1]])
    m = len(case[1]) - 1
    bonds[0, m] = bonds[0, :, m] = torch.tensor([4 * (k < bonded and bonds[0, m, k] > 0) for k in range(m)] + [0])
    before = rings_before(bonds, valences, aromatic_states(bonds, valences)).rows(torch.tensor([0]), torch.tensor([m]))
    each = effects(before, bonds[:, m])
    done, relieved = each.sum(-1, dtype=torch.int8), (each[4] != 0).any()
    args = (done, valences[:, m].to(torch.int8), torch.tensor([left], dtype=torch.int8))
    standing, prospects = outlooks(before, *args)
    first = not bonds.any(2)[0, m]
    if not relieved or bonds[0, m].count_nonzero() == 1:
        assert int(standing) == lacks(bonds, valences, left)
    for k in range(m):
        for kind in range(1, 5):
            relieves = bool(effects(before, torch.full_like(bonds[:, m], kind))[4, 0, k])
            if bonds[0, m, k] == 0 and (first or not (relieved or relieves)):
                more = bonds.clone()
                more[0, m, k] = more[0, k, m] = kind
                assert int(prospects[0, kind - 1, k]) == lacks(more, valences, left)
    assert 0 <= int(prospects.min()) <= int(prospects.max()) < CODES


def lacks(bonds: torch.Tensor, valences: torch.Tensor, left: int) -> int:
    found = aromatic_states(bonds, valences)
    return code(int(found.missing[0, -1]), int(found.ends[0, -1]), left)


@given(rings())
@settings(max_examples=60, deadline=None)
def test_training_and_sampling_see_the_same_rings(case: tuple[list[list[int]], list[int]]) -> None:
    bonds, valences = torch.tensor([case[0]]), torch.tensor([case[1]])
    all_moments = rings_before(bonds, valences, aromatic_states(bonds, valences))
    for m in range(1, len(case[1])):
        known, own = bonds[:, :m, :m], valences[:, :m]
        now = rings_now(known, own, aromatic_states(known, own, first=m - 1))
        then = all_moments.rows(torch.tensor([0]), torch.tensor([m]))
        for name in ("valences", "taken", "aromatic", "exposed"):
            assert torch.equal(getattr(now, name), getattr(then, name)[:, :m])
        assert (now.ends, now.missing) == (then.ends, then.missing)
