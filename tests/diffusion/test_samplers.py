"""All samplers draw the trained distribution, each in its own way."""

from __future__ import annotations

from itertools import pairwise

import pytest
import torch

from molgen.diffusion.process import Process, State
from molgen.diffusion.samplers import DISTORTIONS, SAMPLERS, Ancestral, Flow, Renoise, Sampler, SamplerSettings
from molgen.diffusion.streams import Streams
from tests.diffusion import toy


class ExactDenoiser:
    """p(x_0 | x_t) of each variable computed from the data by Bayes' rule: the best any network can be."""

    def __init__(self, process: Process) -> None:
        self.process = process

    def __call__(self, state: State, t: torch.Tensor) -> State:
        transition = self.process.transition("x")
        q = transition.column(state["x"], self.process.schedule.alpha(t))[..., : toy.CATEGORIES]
        joint = toy.DATA * q[:, 0, :, None] * q[:, 1, None, :]
        p = torch.stack([joint.sum(2), joint.sum(1)], dim=1)
        p = torch.nn.functional.pad(p, (0, transition.num_states - toy.CATEGORIES))
        return {"x": (p / p.sum(-1, keepdim=True)).clamp(min=1e-30).log()}


def histogram(sampler: Sampler, process: Process, n: int = 20_000, **options: object) -> torch.Tensor:
    streams = Streams.from_seed(0, torch.arange(n))
    x = sampler.sample(process, ExactDenoiser(process), {"x": 2}, streams, **options)["x"]  # type: ignore[arg-type]
    return torch.bincount(x[:, 0] * 3 + x[:, 1], minlength=9).reshape(3, 3) / n


@pytest.mark.parametrize("transition", toy.MAKERS)
@pytest.mark.parametrize("sampler", [Ancestral, Renoise, Flow])
def test_many_steps_draw_the_data(transition: str, sampler: type[Sampler]) -> None:
    # Predict-and-renoise forgets x_t, so it draws the data's dependence only in so far as late steps restore it:
    # it is exact in the limit for one variable and close for two.
    distance = (histogram(sampler(SamplerSettings(steps=100)), toy.process(transition, 100)) - toy.DATA).abs().sum() / 2
    assert distance < (0.12 if sampler is Renoise else 0.04)


@pytest.mark.parametrize(("eta", "omega"), [(2.0, 0.0), (0.0, 0.1)])
@pytest.mark.parametrize("transition", ["uniform", "marginal"])
def test_flow_stays_close_with_stochasticity_and_guidance(transition: str, eta: float, omega: float) -> None:
    sampler = Flow(SamplerSettings(steps=200), eta=eta, omega=omega)
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
    process = toy.process("marginal", 20)
    sampler, denoise = SAMPLERS[name](SamplerSettings(steps=20)), ExactDenoiser(process)

    def run(seed: int, examples: torch.Tensor) -> torch.Tensor:
        return sampler.sample(process, denoise, {"x": 2}, Streams.from_seed(seed, examples))["x"]

    whole = run(0, torch.arange(64))
    parts = torch.cat([run(0, part) for part in torch.arange(64).split([1, 40, 23])])
    assert torch.equal(whole, parts)
    assert not torch.equal(whole, run(1, torch.arange(64)))


@pytest.mark.parametrize("name", SAMPLERS)
@pytest.mark.parametrize("transition", toy.MAKERS)
def test_frozen_variables_stay(name: str, transition: str) -> None:
    process = toy.process(transition, 30)
    mask = torch.tensor([[True, False]]).expand(2000, 2)
    values = torch.tensor([[1, 0]]).expand(2000, 2)
    x = SAMPLERS[name](SamplerSettings(steps=30)).sample(
        process,
        ExactDenoiser(process),
        {"x": 2},
        Streams.from_seed(0, torch.arange(2000)),
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


def test_reverse_models_sample_ancestrally_on_their_grid() -> None:
    process = toy.process("uniform", 16, parameterisation="reverse")
    model = toy.train(process, "variational", updates=300)
    streams = Streams.from_seed(0, torch.arange(20_000))
    x = Ancestral(SamplerSettings(steps=16)).sample(process, model, {"x": 2}, streams)["x"]
    drawn = torch.bincount(x[:, 0] * 3 + x[:, 1], minlength=9).reshape(3, 3) / len(x)
    torch.testing.assert_close(drawn, toy.exact_distribution(process, model).float(), atol=0.012, rtol=0)
    for sampler in (Ancestral(SamplerSettings(steps=8)), Renoise(SamplerSettings(steps=16))):
        with pytest.raises(ValueError, match=r"even steps|x0 parameterisation"):
            sampler.sample(process, model, {"x": 2}, streams)


@pytest.mark.parametrize(
    "settings",
    [{"steps": 0}, {"distortion": "bent"}, {"temperature": {"x": 0.0}}, {"top_p": {"x": 1.5}}],
)
def test_settings_out_of_range_are_refused(settings: dict[str, object]) -> None:
    with pytest.raises(ValueError):
        SamplerSettings(**settings)  # type: ignore[arg-type]
