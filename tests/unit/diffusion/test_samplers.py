"""All samplers draw the trained distribution, each in its own way."""

from __future__ import annotations

from itertools import pairwise

import pytest
import torch

from molgen.diffusion.process import Process, State
from molgen.diffusion.random_keys import RandomKeys
from molgen.diffusion.samplers import (
    DISTORTIONS,
    SAMPLERS,
    Ancestral,
    Confidence,
    FirstHitting,
    Flow,
    Renoise,
    Sampler,
    SamplerSettings,
)
from molgen.diffusion.schedules import Cosine
from tests.unit.diffusion import toy


class ExactDenoiser:
    """p(x_0 | x_t) of each variable computed from the data by Bayes' rule: the best any network can be."""

    def __init__(self, process: Process) -> None:
        self.process = process

    def __call__(self, state: State, t: torch.Tensor) -> State:
        transition = self.process.transition("x")
        q = transition.column(state["x"], self.process.schedule.alpha(t).clamp(min=1e-6))[..., : toy.CATEGORIES]
        joint = toy.DATA * q[:, 0, :, None] * q[:, 1, None, :]
        p = torch.stack([joint.sum(2), joint.sum(1)], dim=1)
        p = torch.nn.functional.pad(p, (0, transition.num_states - toy.CATEGORIES))
        return {"x": (p / p.sum(-1, keepdim=True)).clamp(min=1e-30).log()}


def histogram(sampler: Sampler, process: Process, n: int = 5_000, **options: object) -> torch.Tensor:
    rng = RandomKeys.from_seed(0, torch.arange(n))
    x = sampler.sample(process, ExactDenoiser(process), {"x": 2}, rng, **options)["x"]  # type: ignore[arg-type]
    return torch.bincount(x[:, 0] * 3 + x[:, 1], minlength=9).reshape(3, 3) / n


@pytest.mark.parametrize("transition", toy.MAKERS)
@pytest.mark.parametrize("sampler", [Ancestral, Renoise, Flow])
def test_many_steps_draw_the_data(transition: str, sampler: type[Sampler]) -> None:
    # Predict-and-renoise forgets x_t, so it draws the data's dependence only in so far as late steps restore it:
    # it is exact in the limit for one variable and close for two.
    distance = (histogram(sampler(SamplerSettings(steps=100)), toy.process(transition, 100)) - toy.DATA).abs().sum() / 2
    assert distance < (0.12 if sampler is Renoise else 0.04)


UNMASKING = ("confidence", "first-hitting")


def test_first_hitting_draws_the_data_with_one_call_per_variable() -> None:
    calls: list[float] = []
    sampler = FirstHitting(SamplerSettings(steps=1))
    process = toy.process("absorbing", 100, schedule=Cosine())
    drawn = histogram(sampler, process, 20_000, observer=lambda t, x: calls.append(t))
    assert (drawn - toy.DATA).abs().sum() / 2 < 0.015  # exact, but for 20,000 draws
    assert len(calls) == 3 and sampler.calls({"x": 2}) == 2


def test_confidence_uncovers_the_most_certain_first() -> None:
    process = toy.process("absorbing", 100)
    states: list[torch.Tensor] = []
    greedy = histogram(Confidence(SamplerSettings(steps=2)), process, 4000, observer=lambda t, x: states.append(x["x"]))
    # The draws of highest probability are kept: impossible pairs never come, and the likeliest comes too often.
    assert (greedy[toy.DATA == 0] == 0).all() and greedy[0, 0] > toy.DATA[0, 0] + 0.1
    assert [(x == 3).sum(1).float().mean() for x in states] == [2, 1, 0]
    remasked = histogram(Confidence(SamplerSettings(steps=20), eta=1.0, remask=True), process, 4000)
    assert remasked[toy.DATA == 0].sum() < 0.02


@pytest.mark.parametrize("name", UNMASKING)
def test_uncovering_needs_masks(name: str) -> None:
    process = toy.process("uniform", 4)
    with pytest.raises(ValueError, match="absorbing"):
        SAMPLERS[name]().sample(process, ExactDenoiser(process), {"x": 2}, RandomKeys.from_seed(0, torch.arange(2)))


@pytest.mark.parametrize(("eta", "omega"), [(2.0, 0.0), (0.0, 0.1)])
@pytest.mark.parametrize("transition", ["uniform", "marginal"])
def test_flow_stays_close_with_stochasticity_and_guidance(transition: str, eta: float, omega: float) -> None:
    sampler = Flow(SamplerSettings(steps=100), eta=eta, omega=omega)
    distance = (histogram(sampler, toy.process(transition, 100)) - toy.DATA).abs().sum() / 2
    assert distance < 0.06


@pytest.mark.parametrize("distortion", DISTORTIONS)
def test_distortions_keep_the_ends(distortion: str) -> None:
    times = SamplerSettings(steps=10, distortion=distortion).times()
    assert len(times) == 11 and times[0] == 1 and times[-1] == 0
    assert all(a > b for a, b in pairwise(times))
    distance = (
        histogram(Ancestral(SamplerSettings(steps=100, distortion=distortion)), toy.process("marginal", 100)) - toy.DATA
    ).abs().sum() / 2
    assert distance < 0.05


@pytest.mark.parametrize("name", SAMPLERS)
def test_samples_depend_on_the_seed_and_not_on_the_batch(name: str) -> None:
    process = toy.process("absorbing" if name in UNMASKING else "marginal", 20)
    sampler, denoise = SAMPLERS[name](SamplerSettings(steps=20)), ExactDenoiser(process)

    def run(seed: int, examples: torch.Tensor) -> torch.Tensor:
        return sampler.sample(process, denoise, {"x": 2}, RandomKeys.from_seed(seed, examples))["x"]

    whole = run(0, torch.arange(64))
    parts = torch.cat([run(0, part) for part in torch.arange(64).split([1, 40, 23])])
    assert torch.equal(whole, parts)
    assert not torch.equal(whole, run(1, torch.arange(64)))


@pytest.mark.parametrize("name", SAMPLERS)
@pytest.mark.parametrize("transition", toy.MAKERS)
def test_frozen_variables_stay(name: str, transition: str) -> None:
    process = toy.process("absorbing" if name in UNMASKING else transition, 30)
    mask = torch.tensor([[True, False]]).expand(2000, 2)
    values = torch.tensor([[1, 0]]).expand(2000, 2)
    x = SAMPLERS[name](SamplerSettings(steps=30)).sample(
        process,
        ExactDenoiser(process),
        {"x": 2},
        RandomKeys.from_seed(0, torch.arange(2000)),
        frozen={"x": (mask, values)},
    )["x"]
    assert (x[:, 0] == 1).all()
    assert (x[:, 1] == 1).float().mean() > 0.6  # given x_1 = 1, the data have x_2 = 1 in 5 cases of 6


def test_low_temperature_and_top_p_sharpen() -> None:
    process = toy.process("marginal", 50)
    plain = histogram(Ancestral(SamplerSettings(steps=50)), process)
    cold = histogram(Ancestral(SamplerSettings(steps=50, temperature={"x": 0.3})), process)
    nucleus = histogram(Ancestral(SamplerSettings(steps=50, top_p={"x": 0.5})), process)
    assert cold[0, 0] > plain[0, 0] + 0.03
    assert nucleus[0, 0] > plain[0, 0] + 0.03


def test_guidance_steers_and_observer_sees_every_step() -> None:
    process = toy.process("uniform", 20)

    def prefer_last(logits: State, state: State, t: torch.Tensor) -> State:
        return {"x": logits["x"] + torch.tensor([0.0, 0.0, 8.0])}

    seen: list[float] = []
    guided = histogram(
        Renoise(SamplerSettings(steps=20)), process, 500, guidance=prefer_last, observer=lambda t, x: seen.append(t)
    )
    assert guided[2, 2] > 0.9
    assert len(seen) == 21 and seen[0] == 1 and seen[-1] == 0


@pytest.mark.slow
def test_reverse_models_sample_ancestrally_on_their_grid() -> None:
    process = toy.process("uniform", 16, parameterisation="reverse")
    model = toy.train(process, "variational", updates=300)
    rng = RandomKeys.from_seed(0, torch.arange(20_000))
    x = Ancestral(SamplerSettings(steps=16)).sample(process, model, {"x": 2}, rng)["x"]
    drawn = torch.bincount(x[:, 0] * 3 + x[:, 1], minlength=9).reshape(3, 3) / len(x)
    torch.testing.assert_close(drawn, toy.exact_distribution(process, model).float(), atol=0.012, rtol=0)
    for sampler in (Ancestral(SamplerSettings(steps=8)), Renoise(SamplerSettings(steps=16))):
        with pytest.raises(ValueError, match=r"even steps|x0 parameterisation"):
            sampler.sample(process, model, {"x": 2}, rng)


@pytest.mark.parametrize(
    "settings",
    [{"steps": 0}, {"distortion": "bent"}, {"temperature": {"x": 0.0}}, {"top_p": {"x": 1.5}}],
)
def test_settings_out_of_range_are_refused(settings: dict[str, object]) -> None:
    with pytest.raises(ValueError):
        SamplerSettings(**settings)  # type: ignore[arg-type]


@pytest.mark.parametrize("name", SAMPLERS)
@pytest.mark.parametrize("transition", toy.MAKERS)
def test_a_loop_of_steps_is_what_sample_does(name: str, transition: str) -> None:
    process = toy.process("absorbing" if name in UNMASKING else transition, 12)
    sampler, denoise = SAMPLERS[name](SamplerSettings(steps=12)), ExactDenoiser(process)
    rng = RandomKeys.from_seed(5, torch.arange(50))
    x, noise = process.prior({"x": 2}, rng.fold_in(0)), torch.ones(50)
    for number, (t_now, t_next) in enumerate(pairwise(sampler.settings.times()), start=1):
        t, s, key = torch.tensor([t_now]), torch.tensor([t_next]), rng.fold_in(number)
        if isinstance(sampler, FirstHitting):
            if number > 2:
                break
            noise = sampler.next_noise(process, x, noise, key.fold_in(1))
            t, key = process.schedule.time(1 - noise), key.fold_in(0)
        x = sampler.step(process, denoise(x, t), x, s, t, key)
    assert torch.equal(x["x"], sampler.sample(process, denoise, {"x": 2}, rng)["x"])


@pytest.mark.parametrize("name", SAMPLERS)
@pytest.mark.parametrize("transition", toy.MAKERS)
def test_one_time_for_all_is_the_same_as_equal_times(name: str, transition: str) -> None:
    process = toy.process("absorbing" if name in UNMASKING else transition, 20)
    sampler, rng = SAMPLERS[name](SamplerSettings(steps=20)), RandomKeys.from_seed(0, torch.arange(40))
    x, logits = process.prior({"x": 2}, rng), {"x": torch.randn(40, 2, process.transition("x").num_states)}
    for s, t in ((0.4, 0.5), (0.0, 0.05)):
        one = sampler.step(process, logits, x, torch.tensor([s]), torch.tensor([t]), rng)
        each = sampler.step(process, logits, x, torch.full((40,), s), torch.full((40,), t), rng)
        assert torch.equal(one["x"], each["x"])
