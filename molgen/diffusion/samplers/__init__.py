"""From a denoiser to samples: one file per sampler, independent of the model."""

from __future__ import annotations

from molgen.diffusion.samplers.ancestral import Ancestral
from molgen.diffusion.samplers.base import (
    DISTORTIONS,
    Guidance,
    Observer,
    Sampler,
    SamplerSettings,
    guided,
    hold,
    sharpened,
)
from molgen.diffusion.samplers.confidence import Confidence
from molgen.diffusion.samplers.first_hitting import FirstHitting
from molgen.diffusion.samplers.flow import Flow
from molgen.diffusion.samplers.renoise import Renoise

SAMPLERS: dict[str, type[Sampler]] = {
    "ancestral": Ancestral,
    "renoise": Renoise,
    "flow": Flow,
    "confidence": Confidence,
    "first-hitting": FirstHitting,
}

__all__ = [
    "DISTORTIONS",
    "SAMPLERS",
    "Ancestral",
    "Confidence",
    "FirstHitting",
    "Flow",
    "Guidance",
    "Observer",
    "Renoise",
    "Sampler",
    "SamplerSettings",
    "guided",
    "hold",
    "sharpened",
]
