"""Every transition and posterior against brute-force products of small matrices."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from molgen.diffusion.random_keys import RandomKeys
from molgen.diffusion.schedules import SCHEDULES, Polynomial
from molgen.diffusion.transitions import Absorbing, Hamming, Marginal, Transition, Uniform

CODES = [(6, 0, False), (6, 0, True), (7, 0, False), (7, 1, False), (7, 0, True)]
TRANSITIONS: dict[str, Transition] = {
    "uniform": Uniform(4),
    "absorbing": Absorbing(3),
    "marginal": Marginal([0.6, 0.3, 0.1, 0.0]),
    "hamming": Hamming(CODES, length=0.7),
}
signals = st.floats(0.0, 1.0, width=32)


@pytest.fixture(params=TRANSITIONS)
def transition(request: pytest.FixtureRequest) -> Transition:
    return TRANSITIONS[request.param]


def brute_force(name: str, keep: float) -> torch.Tensor:
    """Q(keep) written down from each transition's definition, without the code under test."""
    if name == "hamming":
        k = len(CODES)
        rate = torch.zeros(k, k, dtype=torch.float64)
        for i in range(k):
            for j in range(k):
                if i != j:
                    distance = sum(a != b for a, b in zip(CODES[i], CODES[j], strict=True))
                    rate[i, j] = torch.exp(torch.tensor(-distance / 0.7, dtype=torch.float64))
            rate[i, i] = -rate[i].sum()
        gap = -torch.linalg.eigvalsh(rate).sort(descending=True).values[1]
        return torch.linalg.matrix_exp(-torch.log(torch.tensor(keep, dtype=torch.float64)) * rate / gap).float()
    prior = {
        "uniform": [0.25] * 4,
        "absorbing": [0.0, 0.0, 0.0, 1.0],
        "marginal": [0.6, 0.3, 0.1, 1e-6],
    }[name]
    p = torch.tensor(prior) / sum(prior)
    return keep * torch.eye(4) + (1 - keep) * p.expand(4, 4)


@pytest.mark.parametrize("name", TRANSITIONS)
@pytest.mark.parametrize("keep", [1.0, 0.9, 0.5, 0.03])
def test_matrix_is_its_definition(name: str, keep: float) -> None:
    q = TRANSITIONS[name].matrix(torch.tensor([keep]))[0]
    torch.testing.assert_close(q, brute_force(name, keep), atol=2e-6, rtol=1e-5)


@given(a=signals, b=signals)
@pytest.mark.parametrize("name", TRANSITIONS)
def test_intervals_compose_and_rows_sum_to_one(name: str, a: float, b: float) -> None:
    transition = TRANSITIONS[name]
    q_a, q_b, q_ab = (transition.matrix(torch.tensor([x]))[0] for x in (a, b, a * b))
    torch.testing.assert_close(q_a @ q_b, q_ab, atol=1e-5, rtol=1e-4)
    torch.testing.assert_close(q_a.sum(-1), torch.ones(transition.num_states), atol=1e-5, rtol=0)
    assert (q_a >= 0).all()


def test_all_signal_is_identity_and_none_is_the_prior(transition: Transition) -> None:
    k = transition.num_states
    torch.testing.assert_close(transition.matrix(torch.ones(1))[0], torch.eye(k), atol=1e-6, rtol=0)
    torch.testing.assert_close(transition.matrix(torch.zeros(1))[0], transition.prior.expand(k, k), atol=1e-6, rtol=0)


def test_rows_columns_and_products_agree_with_the_matrix(transition: Transition) -> None:
    keep = torch.tensor([0.8, 0.3])
    q = transition.matrix(keep)
    k = transition.num_states
    x = torch.arange(k).expand(2, k)
    torch.testing.assert_close(transition.row(x, keep), q)
    torch.testing.assert_close(transition.column(x, keep), q.transpose(1, 2))
    v = torch.rand(2, 5, k)
    torch.testing.assert_close(transition.forward_product(v, keep), v @ q)


def test_row_slope_is_the_derivative(transition: Transition) -> None:
    x = torch.arange(transition.num_states)[None]
    step = 1e-2
    high, low = (transition.row(x, torch.tensor([0.5 + d])) for d in (step, -step))
    torch.testing.assert_close(
        transition.row_slope(x, torch.tensor([0.5])), (high - low) / (2 * step), atol=2e-3, rtol=2e-3
    )


@given(s=st.floats(0.05, 0.98), ratio=st.floats(0.02, 0.98), seed=st.integers(0, 1000))
@pytest.mark.parametrize("name", TRANSITIONS)
def test_posterior_is_bayes_rule_by_enumeration(name: str, s: float, ratio: float, seed: int) -> None:
    transition = TRANSITIONS[name]
    k, c = transition.num_states, transition.num_classes
    q_s, q_ts = brute_force(name, s), brute_force(name, ratio)
    p0 = torch.rand(c, generator=torch.Generator().manual_seed(seed))
    for x_t in range(k):
        expected = torch.zeros(k)
        weights = torch.zeros(c)
        for x_0 in range(c):
            joint = q_s[x_0] * q_ts[:, x_t]
            if joint.sum() > 1e-9:
                expected += p0[x_0] * joint / joint.sum()
                weights[x_0] = p0[x_0]
        full = torch.zeros(k)
        full[:c] = weights / weights.sum()
        got = transition.posterior(
            torch.tensor([[x_t]]), full[None, None], torch.tensor([s]), torch.tensor([s * ratio])
        )[0, 0]
        torch.testing.assert_close(got, expected / weights.sum(), atol=2e-4, rtol=2e-3)


def test_posterior_at_time_zero_is_the_clean_class(transition: Transition) -> None:
    x_0 = torch.zeros(1, 1, dtype=torch.int64)
    p0 = transition.one_hot(x_0)
    x_t = torch.full((1, 1), transition.num_states - 1)
    got = transition.posterior(x_t, p0, torch.ones(1), torch.tensor([0.4]))
    torch.testing.assert_close(got, p0)


def test_corruption_follows_the_matrix(transition: Transition) -> None:
    n, keep = 20_000, 0.4
    x = torch.ones(n, 1, dtype=torch.int64)
    drawn = transition.corrupt(x, torch.full((n,), keep), RandomKeys.from_seed(3, torch.arange(n)))
    shares = torch.bincount(drawn.flatten(), minlength=transition.num_states) / n
    torch.testing.assert_close(shares, transition.matrix(torch.tensor([keep]))[0, 1], atol=0.015, rtol=0)


def test_mask_is_never_predicted_and_unmasked_stays() -> None:
    masked = Absorbing(3)
    x_t = torch.tensor([[3, 1]])
    logits = masked.constrain(torch.zeros(1, 2, 4), x_t, torch.tensor([0.5]))
    torch.testing.assert_close(logits.softmax(-1)[0, 0], torch.tensor([1 / 3, 1 / 3, 1 / 3, 0.0]))
    torch.testing.assert_close(logits.softmax(-1)[0, 1], torch.tensor([0.0, 1.0, 0.0, 0.0]))


def test_hamming_prefers_near_categories() -> None:
    q = TRANSITIONS["hamming"].matrix(torch.tensor([0.9]))[0]
    assert q[0, 1] > q[0, 3]  # aliphatic carbon: aromatic carbon is nearer than the ammonium nitrogen


@pytest.mark.parametrize("name", SCHEDULES)
def test_schedules_fall_from_one_to_zero_with_their_slope(name: str) -> None:
    schedule = SCHEDULES[name]()
    t = torch.linspace(0, 1, 101, dtype=torch.float64)
    alpha = schedule.alpha(t)
    assert alpha[0] == 1 and alpha[-1] == 0
    assert (alpha.diff() < 0).all()
    middle = (t[1:] + t[:-1]) / 2
    torch.testing.assert_close(schedule.slope(middle), alpha.diff() / t.diff(), atol=2e-3, rtol=1e-3)


@pytest.mark.parametrize(
    "build",
    [
        lambda: Marginal([0.5, -0.5]),
        lambda: Marginal([0.0, 0.0]),
        lambda: Hamming(CODES, length=0),
        lambda: Hamming([(1,), (1, 2)]),
        lambda: Uniform(0),
        lambda: Polynomial(0),
    ],
)
def test_nonsense_is_refused(build) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(ValueError):
        build()
