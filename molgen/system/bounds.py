"""Bounds of the numbers in a model's configuration: one place for all families.

They lie far above what anyone trains, and low enough that a configuration from a stranger costs little time and memory
before it is refused or loaded.
"""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

Width = Annotated[int, Field(ge=1, le=16_384)]
"""Channels."""

Channels = Annotated[int, Field(ge=0, le=16_384)]
"""The same, 0 for none."""

Layers = Annotated[int, Field(ge=1, le=256)]
"""Rounds of a network."""

Heads = Annotated[int, Field(ge=1, le=256)]
"""Attention heads."""

Expansion = Annotated[int, Field(ge=1, le=64)]
"""Hidden over outer channels."""

Atoms = Annotated[int, Field(ge=1, le=512)]
"""Atoms of a molecule."""

Tokens = Annotated[int, Field(ge=1, le=100_000)]
"""Tokens of a text."""

Block = Annotated[int, Field(ge=0, le=100_000)]
"""Variables that are unmasked in a random order; 0 for all."""

Steps = Annotated[int, Field(ge=1, le=100_000)]
"""Network calls, or steps of a bound."""

Number = Annotated[float, Field(ge=-1e6, le=1e6)]
"""Any finite number; bounds refuse infinity and what is no number."""

Positive = Annotated[float, Field(ge=1e-6, le=1e6)]
"""A number above 0 whose inverse is finite, in single precision too."""

NotNegative = Annotated[float, Field(ge=0, le=1e6)]
"""0 or above."""

Share = Annotated[float, Field(ge=0, le=1)]
"""Of a whole."""

LEAST_TEMPERATURE, LARGEST_TEMPERATURE = 1e-3, 1e3
"""Between these logits over a temperature are finite and not all equal."""
