"""The bound is a bound, and training finds the distribution."""

from __future__ import annotations

import pytest
import torch

from molgen.diffusion.objectives import (
    OBJECTIVES,
    continuous_bound,
    continuous_term,
    cross_entropy,
    grid_times,
    prior_term,
    training_loss,
    variational_bound,
)
from molgen.diffusion.process import Process, State
from molgen.diffusion.random_keys import RandomKeys
from molgen.diffusion.schedules import SCHEDULES, Cosine, Linear
from molgen.diffusion.transitions import Uniform
from tests.unit.diffusion import toy


def exact_bound(process: Process, model: toy.TableDenoiser, x0: torch.Tensor) -> torch.Tensor:
    n = 4000
    many = x0.repeat_interleave(n, 0)
    rng = RandomKeys.from_seed(5, torch.arange(len(many)))
    with torch.no_grad():
        return variational_bound(process, model, {"x": many}, rng, draws=5).reshape(len(x0), n).mean(1)


@pytest.mark.slow
@pytest.mark.parametrize("transition", toy.MAKERS)
@pytest.mark.parametrize("parameterisation", ["x0", "reverse"])
@pytest.mark.parametrize("seed", [0, 1])
def test_bound_is_never_below_the_exact_cost(transition: str, parameterisation: str, seed: int) -> None:
    process = toy.process(transition, steps=4, parameterisation=parameterisation)
    model = toy.TableDenoiser(process.transition("x").num_states, 4)
    torch.manual_seed(seed)
    torch.nn.init.normal_(model.logits)
    cells = torch.tensor([[i, j] for i in range(3) for j in range(3)])
    cost = -toy.exact_distribution(process, model).log().flatten()
    bound = exact_bound(process, model, cells)
    assert (bound > cost - 0.05).all()  # 0.05: noise of 20,000 draws
    assert (bound < cost + 8).all()


class SmoothDenoiser(torch.nn.Module):
    """Random logits that become certain of what stands there as t falls to 0: the same for any number of steps."""

    def __init__(self, states: int) -> None:
        super().__init__()
        torch.manual_seed(3)
        self.states = states
        self.table = torch.randn(states * states, 2, states)

    def forward(self, state: State, t: torch.Tensor) -> State:
        x = state["x"]
        sure = torch.nn.functional.one_hot(x, self.states) * -t.clamp(min=1e-6).log()[:, None, None]
        return {"x": self.table[x[:, 0] * self.states + x[:, 1]] + sure}


def enumerated_bound(process: Process, model: SmoothDenoiser, x0: torch.Tensor, times: int = 1000) -> float:
    """The continuous bound by summing over all noisy states and a fine grid of times."""
    transition = process.transition("x")
    states = torch.tensor([[i, j] for i in range(transition.num_states) for j in range(transition.num_states)])
    t = ((torch.arange(times) + 0.5) / times).repeat_interleave(len(states))
    x_t, clean = states.repeat(times, 1), x0.expand(times * len(states), -1)
    row = transition.row(clean, process.schedule.alpha(t))
    weight = row.gather(-1, x_t.unsqueeze(-1)).squeeze(-1).prod(1)
    term = continuous_term(process, model({"x": x_t}, t), {"x": clean}, {"x": x_t}, t)["x"]
    return float((weight * term)[weight > 0].sum()) / times


@pytest.mark.slow
@pytest.mark.parametrize("transition", toy.MAKERS)
def test_continuous_bound_is_its_enumeration_and_bounds_a_long_chain(transition: str) -> None:
    process = toy.process(transition, steps=256)
    model = SmoothDenoiser(process.transition("x").num_states)
    cost = -toy.exact_distribution(process, model).log()
    for x0 in torch.tensor([[0, 0], [0, 2], [1, 1], [2, 1]]):
        exact = enumerated_bound(process, model, x0)
        rng = RandomKeys.from_seed(1, torch.arange(20_000))
        many = {"x": x0.expand(20_000, -1)}
        assert float(continuous_bound(process, model, many, rng, draws=4).mean()) == pytest.approx(exact, rel=0.04)
        assert float(variational_bound(process, model, many, rng, draws=4).mean()) == pytest.approx(exact, rel=0.06)
        assert exact > cost[x0[0], x0[1]] - 0.02


def test_continuous_bound_of_masks_is_weighted_cross_entropy() -> None:
    process = toy.process("absorbing", steps=4)
    model, rng = SmoothDenoiser(4), RandomKeys.from_seed(0, torch.arange(500))
    x0, t = {"x": toy.draw(500, 0)}, RandomKeys.from_seed(2, torch.arange(500)).uniform().clamp(0.01, 0.99)
    x_t = process.corrupt(x0, t, rng)
    logits = model(x_t, t)
    expected = cross_entropy(process, logits, x0, x_t, t)["x"] / t  # linear schedule: - alpha' / (1 - alpha) = 1 / t
    torch.testing.assert_close(continuous_term(process, logits, x0, x_t, t)["x"], expected, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("transition", toy.MAKERS)
def test_chain_is_a_distribution(transition: str) -> None:
    process = toy.process(transition, steps=4)
    model = toy.TableDenoiser(process.transition("x").num_states, 4)
    torch.nn.init.normal_(model.logits)
    assert toy.exact_distribution(process, model).sum() == pytest.approx(1.0, abs=1e-5)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("transition", "parameterisation", "objective"),
    [
        ("uniform", "x0", "cross-entropy"),
        ("absorbing", "x0", "cross-entropy"),
        ("marginal", "x0", "cross-entropy"),
        ("hamming", "x0", "cross-entropy"),
        ("marginal", "x0", "variational"),
        ("uniform", "x0", "continuous"),
        ("absorbing", "x0", "continuous"),
        ("uniform", "reverse", "variational"),
        ("absorbing", "reverse", "variational"),
    ],
)
def test_trained_toy_recovers_the_distribution(transition: str, parameterisation: str, objective: str) -> None:
    process = toy.process(transition, steps=32, parameterisation=parameterisation)
    # The table knows grid times only, so cross-entropy sees times rounded to them.
    model = toy.train(process, objective)
    learned = toy.exact_distribution(process, model)
    distance = (learned - toy.DATA).abs().sum() / 2
    assert distance < 0.04, learned


@pytest.mark.slow
def test_trained_bound_is_close_to_the_entropy() -> None:
    process = toy.process("marginal", steps=32)
    model = toy.train(process, "variational")
    cells = toy.DATA.flatten().nonzero().flatten()
    bound = exact_bound(process, model, torch.stack([cells // 3, cells % 3], 1))
    p = toy.DATA.flatten()[cells]
    entropy = float(-(p * p.log()).sum())
    assert entropy - 0.02 < float((p * bound).sum()) < entropy + 0.15


@pytest.mark.parametrize(("objective", "power", "median"), [("cross-entropy", 2, 0.25), ("continuous", 2, 0.5)])
def test_times_near_the_data_come_as_often_as_asked_for(objective: str, power: float, median: float) -> None:
    process, model, seen = toy.process("marginal", steps=4), toy.TableDenoiser(3, 4), []
    process.time_power = power

    def denoise(state: State, t: torch.Tensor) -> State:
        seen.append(t)
        return model(state, t)

    training_loss(
        process, denoise, {"x": toy.draw(20_000, 0)}, RandomKeys.from_seed(0, torch.arange(20_000)), objective
    )
    assert float(seen[0].median()) == pytest.approx(median, abs=0.01)


def test_bad_combinations_are_refused() -> None:
    process = toy.process("uniform", steps=4, parameterisation="reverse")
    model = toy.TableDenoiser(3, 4)
    batch, rng = {"x": toy.draw(4, 0)}, RandomKeys.from_seed(0, torch.arange(4))
    with pytest.raises(ValueError, match="x0 parameterisation"):
        training_loss(process, model, batch, rng, "cross-entropy")
    with pytest.raises(ValueError, match="unknown objective"):
        training_loss(process, model, batch, rng, "least squares")
    with pytest.raises(ValueError, match="unknown parameterisation"):
        toy.process("uniform", 4, "eps")
    with pytest.raises(ValueError, match="at least 1"):
        toy.process("uniform", 0)
    with pytest.raises(ValueError, match="time_power"):
        Process(dict(process.transitions.items()), process.schedule, time_power=0.0)


@pytest.mark.parametrize("transition", toy.MAKERS)
@pytest.mark.parametrize("schedule", SCHEDULES)
def test_the_continuous_bound_is_finite_up_to_the_ends_of_time(transition: str, schedule: str) -> None:
    process = toy.process(transition, steps=4, schedule=SCHEDULES[schedule]())
    rng = RandomKeys.from_seed(0, torch.arange(5000))
    x0 = {"x": toy.draw(5000, 0)}
    near = rng.fold_in(1).uniform() * 1e-4 + 1e-5
    for t in (near, 1 - near):
        x_t = process.corrupt(x0, t, rng.fold_in(2))
        logits = SmoothDenoiser(process.transition("x").num_states)(x_t, t)
        assert continuous_term(process, logits, x0, x_t, t)["x"].isfinite().all()


@torch.no_grad()
def evidence_bound(process: Process, model: toy.TableDenoiser, x0: torch.Tensor) -> float:
    """E log q(x_1 .. x_T | x_0) - log p(x_0 .. x_T) over all paths of two variables, from matrices of the noise."""
    transition, steps = process.transition("x"), process.steps
    k = transition.num_states
    states = torch.tensor([[i, j] for i in range(k) for j in range(k)])
    alphas = [float(process.schedule.alpha(torch.tensor(step / steps))) for step in range(steps + 1)]

    def noise(before: torch.Tensor, keep: float) -> torch.Tensor:
        """Probabilities ``(rows, states)`` of all pairs from each of some pairs."""
        row = transition.row(before, torch.full((len(before),), keep))
        return row[:, 0][:, states[:, 0]].double() * row[:, 1][:, states[:, 1]].double()

    assert steps == 2
    joint = noise(x0[None], alphas[1]).T * noise(states, alphas[2] / alphas[1])  # of x_1 and x_2
    backward = []
    for step in (1, 2):
        t, s = torch.full((len(states),), step / steps), torch.full((len(states),), (step - 1) / steps)
        p = process.previous(model({"x": states}, t), {"x": states}, s, t)["x"].double()
        backward.append(p[:, 0][:, states[:, 0]] * p[:, 1][:, states[:, 1]])
    prior = (transition.prior[states[:, 0]] * transition.prior[states[:, 1]]).double()
    clean = int((states == x0).all(1).nonzero())
    path = prior[None, :] * backward[1].T * backward[0][:, clean][:, None]
    log_ratio = joint.clamp(min=1e-300).log() - path.clamp(min=1e-300).log()
    return float((joint * log_ratio)[joint > 0].sum())


@pytest.mark.slow
@pytest.mark.parametrize("transition", toy.MAKERS)
def test_the_bound_is_that_of_all_paths(transition: str) -> None:
    process = toy.process(transition, steps=2, schedule=Cosine())
    model = toy.TableDenoiser(process.transition("x").num_states, 2)
    torch.manual_seed(4)
    torch.nn.init.normal_(model.logits)
    rng = RandomKeys.from_seed(1, torch.arange(40_000))
    for x0 in torch.tensor([[0, 0], [2, 1]]):
        many, expected = {"x": x0.expand(40_000, -1)}, evidence_bound(process, model, x0)
        with torch.no_grad():
            assert float(variational_bound(process, model, many, rng).mean()) == pytest.approx(expected, rel=0.02)
            assert float(variational_bound(process, model, many, rng, draws=3).mean()) == pytest.approx(
                expected, rel=0.02
            )
            loss = training_loss(process, model, many, rng, "variational")["x"]
        assert float(loss.mean()) == pytest.approx(expected, rel=0.02)


class Unfinished(Cosine):
    """A schedule that leaves some signal at the end of time."""

    def alpha(self, t: torch.Tensor) -> torch.Tensor:
        return 0.2 + 0.8 * super().alpha(t)


def test_signal_that_is_left_is_paid_for() -> None:
    """KL of (.2 + .8 q, .8 q, .8 q) to q = 1 / 3, for each of two variables."""
    process = toy.process("uniform", steps=2, schedule=Unfinished())
    found = prior_term(process, {"x": torch.tensor([[0, 1]])})["x"]
    p = torch.tensor([0.2 + 0.8 / 3, 0.8 / 3, 0.8 / 3])
    assert float(found) == pytest.approx(2 * float((p * (3 * p).log()).sum()), rel=1e-4)


def test_steps_of_the_grid_are_drawn_evenly() -> None:
    process = toy.process("uniform", steps=5)
    s, t = grid_times(process, RandomKeys.from_seed(0, torch.arange(20_000)))
    torch.testing.assert_close(t - s, torch.full_like(s, 0.2))
    assert torch.bincount((t * 5).round().long()).tolist()[1:] == pytest.approx([4000] * 5, abs=250)


def test_cross_entropy_is_summed_over_variables_by_kind() -> None:
    process = Process({"a": Uniform(3), "b": Uniform(2)}, Linear())
    logits = {"a": torch.randn(4, 3, 3), "b": torch.randn(4, 5, 2)}
    x0 = {"a": torch.randint(3, (4, 3)), "b": torch.randint(2, (4, 5))}
    found = cross_entropy(process, logits, x0, x0, torch.full((4,), 0.5))
    for kind in x0:
        log_p = logits[kind].log_softmax(-1)
        expected = [-sum(float(log_p[b, v, x0[kind][b, v]]) for v in range(x0[kind].shape[1])) for b in range(4)]
        assert found[kind].tolist() == pytest.approx(expected, rel=1e-5)


@pytest.mark.parametrize("objective", OBJECTIVES)
def test_kinds_do_not_share_their_noise_in_training(objective: str) -> None:
    process, seen = Process({"a": Uniform(3), "b": Uniform(3)}, Linear(), steps=4), []

    def denoise(state: State, t: torch.Tensor) -> State:
        seen.append((state, t))
        return {kind: torch.zeros(*values.shape, 3) for kind, values in state.items()}

    x0 = {kind: torch.zeros(500, 4, dtype=torch.int64) for kind in ("a", "b")}
    training_loss(process, denoise, x0, RandomKeys.from_seed(0, torch.arange(500)), objective)
    ((state, t),) = seen
    assert not torch.equal(state["a"], state["b"])
    # A quarter of the steps is drawn after noise at each of four times, or at times spread evenly.
    noisy = (state["a"] != 0).float().mean(1)
    assert float(noisy[t > 0.7].mean()) > float(noisy[t < 0.3].mean()) + 0.25
