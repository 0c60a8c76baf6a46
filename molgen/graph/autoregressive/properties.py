"""Properties of molecules as a condition of the network; any of them may be withheld."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from pydantic import BaseModel, ConfigDict
from torch import Tensor, nn

from molgen.graph.autoregressive.network import CONDITION_WIDTH
from molgen.system.bounds import Number, Positive

COLLECTION = "collection"
"""The property that says which collection a molecule comes from; known from the data, not computed."""

_LIMIT = 5.0
_FREQUENCIES = (1.0, 2.0, 4.0)


class PropertyScale(BaseModel):
    """How a property is distributed over the training molecules.

    Attributes:
        mean: average.
        deviation: standard deviation.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    mean: Number
    deviation: Positive


class PropertyCondition(nn.Module):
    """The condition of the adaptive layer norms, from property values and which of them are known.

    Each known value is read as its z-score, and as sines and cosines of it; a withheld one as zeros.

    Args:
        scales: by property.
    """

    means: Tensor
    deviations: Tensor

    def __init__(self, scales: Mapping[str, PropertyScale]) -> None:
        super().__init__()
        self.register_buffer("means", torch.tensor([scale.mean for scale in scales.values()]), persistent=False)
        deviations = torch.tensor([scale.deviation for scale in scales.values()])
        self.register_buffer("deviations", deviations, persistent=False)
        features = len(scales) * (2 + 2 * len(_FREQUENCIES))
        self.layers = nn.Sequential(
            nn.Linear(features, CONDITION_WIDTH), nn.SiLU(), nn.Linear(CONDITION_WIDTH, CONDITION_WIDTH), nn.SiLU()
        )

    def forward(self, values: Tensor, known: Tensor) -> Tensor:
        """``(B, CONDITION_WIDTH)``.

        Args:
            values: in the properties' own units ``(B, P)``; anything where they are withheld.
            known: which are not withheld ``(B, P)``.
        """
        z = ((values - self.means) / self.deviations).clamp(-_LIMIT, _LIMIT)
        z = torch.where(known, z, 0.0)
        parts = [z, torch.ones_like(z)]
        parts += [wave(z * frequency) for frequency in _FREQUENCIES for wave in (torch.sin, torch.cos)]
        return self.layers(torch.cat([part * known for part in parts], dim=1))
