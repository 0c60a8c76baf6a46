"""Histograms of properties of several sets of molecules."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from molgen.errors import MolgenError
from molgen.system.charts import chart

PROPERTIES = {"logP": "logP", "SA": "synthetic accessibility", "QED": "QED", "weight": "molecular weight, g/mol"}
_BINS = (10, 60)
"""Fewest and most bins; small sets have fewer, so that a molecule or two is no peak."""


def draw_properties(
    path: str | Path, sets: Mapping[str, Mapping[str, NDArray[np.float64]]], overwrite: bool = False
) -> None:
    """Draw histograms of all `PROPERTIES` of some sets, one panel each, into a ``.png`` or ``.svg``.

    Args:
        path: the suffix decides the format.
        sets: by name, values ``(n,)`` of each of `PROPERTIES`.
        overwrite: replace an existing file.

    Raises:
        UsageError: another suffix, or a file that may not be overwritten.
        MolgenError: a set holds no molecule that could be read.
    """
    panels = len(PROPERTIES)
    with chart(path, (3.2 * panels, 2.8), panels, overwrite, dpi=120) as axes:
        for name, values in sets.items():
            if not all(len(values[prop]) for prop in PROPERTIES):
                raise MolgenError(f"none of the molecules of {name} can be read")
        for axis, (name, label) in zip(axes, PROPERTIES.items(), strict=True):
            everything = np.concatenate([values[name] for values in sets.values()])
            bins = bin_edges([values[name] for values in sets.values()])
            for number, (shown, values) in enumerate(sets.items()):
                style = (
                    {"histtype": "stepfilled", "alpha": 0.35} if number == 0 else {"histtype": "step", "linewidth": 1.6}
                )
                inside = values[name][(values[name] >= bins[0]) & (values[name] <= bins[-1])]
                weights = np.full(len(inside), 1 / len(values[name]))  # shares of all molecules, shown or not
                axis.hist(inside, bins=bins, weights=weights, label=shown, **style)
            outside = int(((everything < bins[0]) | (everything > bins[-1])).sum())
            axis.set(xlabel=f"{label} ({outside:,} not shown)" if outside else label, yticks=[])
            axis.spines[["left", "top", "right"]].set_visible(False)
        axes[0].legend(fontsize=8, frameon=False)


def bin_edges(sets: Sequence[NDArray[np.float64]]) -> NDArray[np.float64]:
    """Edges of bins for some sets of values: without the outermost thousandth on either side, from 1,000 values on.

    Example:
        >>> edges = bin_edges([np.arange(100.0), np.array([-5.0])])
        >>> float(edges[0]), float(edges[-1]), len(edges) - 1
        (-5.0, 99.0, 10)
    """
    everything = np.concatenate(sets)
    low = np.quantile(everything, 0.001, method="lower")
    high = np.quantile(everything, 0.999, method="higher")
    count = np.clip(2 * np.sqrt(min(map(len, sets))), *_BINS)
    return np.linspace(low, max(high, low + 1e-6), int(count) + 1)
