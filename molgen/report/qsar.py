"""The cross-validation of a QSAR model as a picture."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from molgen.scoring.qsar import Validation
from molgen.system.charts import chart


def draw_validation(path: str | Path, found: Validation, overwrite: bool = False) -> None:
    """Draw predictions beside measurements, and errors over the similarity to the nearest molecule that was known.

    Args:
        path: ``.png`` or ``.svg``.
        found: predictions for molecules while they were left out.
        overwrite: an existing file.

    Raises:
        UsageError: another suffix, or a file that may not be overwritten.
    """
    with chart(path, (8, 3.6), panels=2, overwrite=overwrite) as (left, right):
        if found.settings.task == "regression":
            _draw_values(left, found)
        else:
            _draw_classes(left, found)
        right.scatter(found.similarity, np.abs(found.measured - found.predicted), s=6, alpha=0.4, linewidths=0)
        right.set(xlabel="similarity to the nearest molecule of the others", ylabel="absolute error", xlim=(0, 1))
        for axis in (left, right):
            axis.spines[["top", "right"]].set_visible(False)


def _draw_values(axis: Any, found: Validation) -> None:
    ends = [min(found.measured.min(), found.predicted.min()), max(found.measured.max(), found.predicted.max())]
    axis.plot(ends, ends, color="0.6", linewidth=1)
    axis.scatter(found.measured, found.predicted, s=6, c=found.fold, cmap="tab10", alpha=0.6, linewidths=0)
    axis.set(xlabel=f"{found.settings.label}, measured", ylabel="predicted while left out")


def _draw_classes(axis: Any, found: Validation) -> None:
    bins = np.linspace(0, 1, 21)
    for label, name in ((0.0, "below the threshold"), (1.0, "from the threshold on")):
        axis.hist(found.predicted[found.measured == label], bins, alpha=0.5, label=name)
    axis.set(xlabel="predicted probability while left out", ylabel="molecules")
    axis.legend(frameon=False, fontsize=8)
