"""What one step of each sampler does, by hand: time grids, sharpening, rates of jumps, choices of what to unmask."""

from __future__ import annotations

import math

import pytest
import torch
from torch import Tensor

from molgen.diffusion.process import Process, State
from molgen.diffusion.random_keys import RandomKeys
from molgen.diffusion.samplers import (
    DISTORTIONS,
    SAMPLERS,
    Confidence,
    FirstHitting,
    Flow,
    Renoise,
    SamplerSettings,
    sharpened,
)
from molgen.diffusion.samplers.confidence import gumbel
from molgen.diffusion.schedules import Cosine, Linear
from molgen.diffusion.transitions import Absorbing, Marginal, Transition, Uniform

HALF = math.sqrt(0.5)


def two_kinds(absorbing: bool = False) -> Process:
    """Two kinds of variables with the same noise."""
    return Process({kind: Absorbing(3) if absorbing else Uniform(3) for kind in ("atoms", "bonds")}, Linear())


@pytest.mark.parametrize(
    ("distortion", "times"),
    [
        ("identity", [1, 0.75, 0.5, 0.25, 0]),
        ("polydec", [1, 0.5625, 0.25, 0.0625, 0]),
        ("polyinc", [1, 0.9375, 0.75, 0.4375, 0]),
        ("cosine", [1, (1 + HALF) / 2, 0.5, (1 - HALF) / 2, 0]),
    ],
)
def test_time_grids(distortion: str, times: list[float]) -> None:
    assert SamplerSettings(steps=4, distortion=distortion).times() == pytest.approx(times)


def test_every_distortion_has_its_grid_here() -> None:
    assert set(DISTORTIONS) == {"identity", "polydec", "polyinc", "cosine"}


def test_temperature_is_a_power_and_top_p_keeps_the_class_that_crosses_it() -> None:
    p = torch.tensor([0.2, 0.5, 0.3])
    squared = torch.tensor([0.04, 0.25, 0.09])
    torch.testing.assert_close(sharpened(p.log(), 0.5, 1.0), squared / squared.sum())
    torch.testing.assert_close(sharpened(p.log(), 2.0, 1.0), p.sqrt() / p.sqrt().sum())
    for top_p, kept in ((0.4, [0, 1, 0]), (0.6, [0, 1, 1]), (0.79, [0, 1, 1]), (0.81, [1, 1, 1]), (1.0, [1, 1, 1])):
        torch.testing.assert_close(sharpened(p.log(), 1.0, top_p), p * torch.tensor(kept), msg=str(top_p))
    # Top-p is of the probabilities after temperature: .25 / .38 = .66 of the likeliest class alone.
    assert sharpened(p.log(), 0.5, 0.6).count_nonzero() == 1


def test_each_kind_has_its_own_temperature_and_top_p() -> None:
    logits = {kind: torch.tensor([0.2, 0.5, 0.3]).log() for kind in ("atoms", "bonds")}
    sampler = Renoise(SamplerSettings(temperature={"atoms": 0.5}, top_p={"bonds": 0.4}))
    found = sampler.sharpen(logits)
    torch.testing.assert_close(found["atoms"], torch.tensor([0.04, 0.25, 0.09]) / 0.38)
    torch.testing.assert_close(found["bonds"], torch.tensor([0.0, 0.5, 0.0]))


def constant(logits: dict[str, Tensor]) -> object:
    """A network that says the same of every variable."""

    def denoise(state: State, t: Tensor) -> State:
        return {kind: logits[kind].expand(*state[kind].shape, -1) for kind in state}

    return denoise


@pytest.mark.parametrize("name", SAMPLERS)
def test_kinds_do_not_share_their_noise(name: str) -> None:
    """Two kinds of variables of which the same is known, from the same keys."""
    process = two_kinds(absorbing=name in ("confidence", "first-hitting"))
    rng = RandomKeys.from_seed(0, torch.arange(300))
    prior = process.prior({"atoms": 4, "bonds": 4}, rng)
    assert name in ("confidence", "first-hitting") or not torch.equal(prior["atoms"], prior["bonds"])
    clean = {kind: torch.zeros(300, 4, dtype=torch.int64) for kind in prior}
    noisy = process.corrupt(clean, torch.full((300,), 0.5), rng)
    assert not torch.equal(noisy["atoms"], noisy["bonds"])
    both = dict.fromkeys(prior, prior["atoms"])
    logits = {kind: torch.zeros(300, 4, process.transition(kind).num_states) for kind in prior}
    for s, t in ((0.5, 0.9), (0.0, 0.1)):
        drawn = SAMPLERS[name]().step(process, logits, both, torch.tensor([s]), torch.tensor([t]), rng)
        assert not torch.equal(drawn["atoms"], drawn["bonds"])


def rates_by_hand(transition: Transition, x: int, x0: int, t: float, eta: float, omega: float) -> list[float]:
    """The formula of `Flow`, with the change of q(x_t | x_0) by differences; the schedule is a cosine's."""
    n, schedule = transition.num_states, Cosine()

    def q(time: float) -> Tensor:
        alpha = schedule.alpha(torch.tensor([time], dtype=torch.float64))
        return transition.double().row(torch.tensor([[x0]]), alpha)[0, 0]

    here, step = q(t), 1e-6
    u = (q(t - step) - q(t + step)) / (2 * step)
    reachable = [bool(here[j] > 0 or u[j] > 1e-9) for j in range(n)]
    z = sum(reachable)
    found = []
    for j in range(n):
        rate = max(0.0, float(u[j] - u[x])) / (z * float(here[x])) if reachable[j] else 0.0
        rate += eta * float(here[j]) + omega * (j == x0) / (z * float(here[x]))
        found.append(0.0 if j == x else rate)
    return found


@pytest.mark.parametrize(("eta", "omega"), [(0.0, 0.0), (2.0, 0.0), (0.0, 0.3), (1.0, 0.1)])
@pytest.mark.parametrize("make", [lambda: Uniform(3), lambda: Absorbing(3), lambda: Marginal([0.5, 0.3, 0.2])])
def test_rates_of_jumps(make: object, eta: float, omega: float) -> None:
    transition, t = make(), 0.4  # type: ignore[operator]
    alpha, slope = (part(torch.tensor([t])) for part in (Cosine().alpha, Cosine().slope))
    for x0 in range(3):
        for x in [x0, 3] if isinstance(transition, Absorbing) else range(3):
            found = Flow(eta=eta, omega=omega).rates(
                transition.float(), torch.tensor([[x]]), torch.tensor([[x0]]), alpha, slope
            )
            expected = rates_by_hand(make(), x, x0, t, eta, omega)  # type: ignore[operator]
            assert found[0, 0].tolist() == pytest.approx(expected, rel=1e-3, abs=1e-5)


def test_a_step_of_jumps_is_as_long_as_its_interval() -> None:
    """From state 2 to the certain 0, of two ways the one: rate u / (Z q), with u = 1 / 3 of change each."""
    process = Process({"x": Uniform(3)}, Linear())
    n, s, t = 20_000, 0.7, 0.8
    logits = {"x": torch.tensor([50.0, 0.0, 0.0]).expand(n, 1, 3)}
    x_t = {"x": torch.full((n, 1), 2)}
    rng = RandomKeys.from_seed(0, torch.arange(n))
    drawn = Flow().step(process, logits, x_t, torch.tensor([s]), torch.tensor([t]), rng)["x"]
    rate = rates_by_hand_linear(t)
    assert float((drawn == 0).float().mean()) == pytest.approx((t - s) * rate, abs=0.012)
    assert not (drawn == 1).any()
    for settings in ({"eta": 3.0}, {"omega": 0.5}):
        other = Flow(**settings).step(process, logits, x_t, torch.tensor([s]), torch.tensor([t]), rng)["x"]
        assert not torch.equal(other, drawn)
    with pytest.raises(ValueError, match="negative"):
        Flow(eta=-1.0)


def rates_by_hand_linear(t: float) -> float:
    """q = (1 - t) [j = 0] + t / 3; backwards in time q_0 grows by 2 / 3 and q_2 falls by 1 / 3: the difference is 1."""
    return 1 / (3 * t / 3)


def test_jumps_that_exceed_one_are_scaled_down() -> None:
    process = Process({"x": Uniform(3)}, Linear())
    logits = {"x": torch.tensor([50.0, 0.0, 0.0]).expand(500, 1, 3)}
    x_t = {"x": torch.full((500, 1), 2)}
    rng = RandomKeys.from_seed(0, torch.arange(500))
    drawn = Flow(omega=100.0).step(process, logits, x_t, torch.tensor([0.1]), torch.tensor([0.9]), rng)["x"]
    assert (drawn == 0).all()


SURE = torch.tensor([[60.0, 4.0, 3.5, 3.0, 2.5]])
"""Logits of class 0 of five variables against two others, so that they are ever less certain."""


def masked(n: int) -> tuple[Process, State, State]:
    process = Process({"x": Absorbing(3)}, Linear())
    logits = torch.zeros(n, 5, 4)
    logits[..., 0] = SURE
    return process, {"x": logits}, {"x": torch.full((n, 5), 3)}


def step_of(sampler: Confidence, s: float, x_t: State | None = None, n: int = 2000) -> Tensor:
    process, logits, start = masked(n)
    rng = RandomKeys.from_seed(0, torch.arange(n))
    return sampler.step(process, logits, start if x_t is None else x_t, torch.tensor([s]), torch.tensor([1.0]), rng)[
        "x"
    ]


@pytest.mark.parametrize(("s", "hidden"), [(0.8, 4), (0.4, 2), (0.39, 1), (0.2, 1), (0.0, 0)])
def test_the_most_certain_draws_are_kept(s: float, hidden: int) -> None:
    """As many stay masked as the schedule says, rounded down: those whose draws are least probable."""
    drawn = step_of(Confidence(), s)
    assert ((drawn == 3).sum(1) == hidden).all()
    usual = ~((drawn != 0) & (drawn != 3)).any(1)  # where each draw that is shown is the likeliest class
    if 0 < hidden < 4:
        assert (drawn[usual, 0] == 0).all() and float((drawn[usual, 5 - hidden :] == 3).float().mean()) > 0.85


def test_noise_changes_the_order_and_ends_with_the_last_step() -> None:
    greedy, noisy = step_of(Confidence(), 0.4), step_of(Confidence(eta=40.0), 0.4)
    assert float((greedy[:, 1] == 3).float().mean()) < 0.1
    # 16 of 2.5 deviations outweigh log probabilities: each variable is hidden as often as any other.
    assert (noisy == 3).float().mean(0).tolist() == pytest.approx([0.4] * 5, abs=0.06)
    assert torch.equal(step_of(Confidence(eta=40.0), 0.0), step_of(Confidence(), 0.0))


def test_noise_falls_with_the_share_still_masked() -> None:
    """A draw of log probability -4 among others near 0 is hidden by noise of 5 * .2, and often is not by noise of 5."""
    drawn = step_of(Confidence(), 0.0)  # the same draws, all shown
    unlikely = drawn != 0
    one = unlikely.sum(1) == 1
    hidden = step_of(Confidence(eta=5.0), 0.2) == 3
    assert float((hidden & unlikely)[one].any(1).float().mean()) > 0.85 and int(one.sum()) > 100


def test_remasking_hides_what_has_become_unlikely() -> None:
    """The first variable stands at a class that the network now gives a probability of e^-60."""
    x_t = {"x": torch.tensor([[1, 3, 3, 3, 3]]).expand(2000, -1)}
    kept, remasked = (step_of(Confidence(remask=remask), 0.2, x_t) for remask in (False, True))
    assert (kept[:, 0] == 1).all() and ((kept[:, 1:] == 3).sum(1) == 1).all()
    assert (remasked[:, 0] == 3).all() and (remasked[:, 1:] != 3).all()


def test_gumbel_noise() -> None:
    """Its median is - log log 2, and its mean Euler's constant."""
    drawn = gumbel(RandomKeys.from_seed(0, torch.arange(100)).uniform(1000))
    assert float(drawn.median()) == pytest.approx(-math.log(math.log(2)), abs=0.02)
    assert float(drawn.mean()) == pytest.approx(0.5772, abs=0.02)


def test_variables_are_hit_in_any_order_at_times_of_the_largest_of_uniform_numbers() -> None:
    """With n masks left the noise is multiplied by the largest of n uniform numbers, whose mean is n / (n + 1)."""
    process = two_kinds(absorbing=True)
    n = 20_000
    rng = RandomKeys.from_seed(0, torch.arange(n))
    x = {"atoms": torch.full((n, 3), 3), "bonds": torch.full((n, 1), 3)}
    x["atoms"][:, 2] = 0
    noise = FirstHitting().next_noise(process, x, torch.full((n,), 0.5), rng)
    assert float(noise.mean()) == pytest.approx(0.5 * 3 / 4, abs=0.005)
    logits = {kind: torch.zeros(*values.shape, 4) for kind, values in x.items()}
    drawn = FirstHitting().step(process, logits, x, torch.tensor([0.5]), torch.tensor([0.5]), rng)
    changed = torch.cat([drawn[kind] != x[kind] for kind in x], dim=1)
    assert (changed.sum(1) == 1).all() and not changed[:, 2].any()
    assert changed.float().mean(0)[[0, 1, 3]].tolist() == pytest.approx([1 / 3] * 3, abs=0.012)


def test_noise_that_is_put_back_is_another_than_that_of_the_draw() -> None:
    """Of two states a quarter changes: half of what is noised, half of the time. By the draw's numbers none would."""
    process = Process({"x": Uniform(2)}, Linear())
    n = 20_000
    rng, even = RandomKeys.from_seed(0, torch.arange(n)), torch.zeros(n, 1, 2)
    x_t = {"x": torch.zeros(n, 1, dtype=torch.int64)}
    drawn = Renoise().step(process, {"x": even}, x_t, torch.tensor([0.5]), torch.tensor([1.0]), rng)["x"]
    clean = rng.fold_in(0).categorical(even.softmax(-1))
    assert float((drawn != clean).float().mean()) == pytest.approx(0.25, abs=0.012)
