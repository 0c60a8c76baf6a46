"""The table of a comparison by hand, and its picture where there is little to show."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
import pandas
import pytest
from PIL import Image

from molgen.comparison import Plan
from molgen.comparison.plan import parse_budget
from molgen.comparison.table import Likelihood, Measured, summary, to_pandas, write_report

FIRST_COLOUR = (31, 119, 180)
"""Of matplotlib's points."""


def measured(seed: int = 0, **changed: Any) -> Measured:
    likelihood = Likelihood(nats=changed.pop("nats", 12.0), error=0.5, molecules=40, tokens=8.0)
    values = {"row": "words", "seed": seed, "sampling": "", "parameters": 1234567, "attempts": 100, "calls": 15.5}
    values |= {"seconds": 4.0, "validity": 0.8, "uniqueness": 0.5, "novelty": 0.25, "vun": 0.1, "fcd": 2.0}
    return Measured(likelihood=likelihood, **{**values, **changed})


def test_a_line_by_hand() -> None:
    headers, line = summary([measured()])
    assert dict(zip(headers, line, strict=True)) == {
        "generator": "words",
        "sampling": "default",
        "parameters": "1,234,567",
        "perplexity per token": f"{math.exp(12 / 8):.3f}",
        "nats per molecule": "12.00",
        "calls": "15.5",
        "strict validity": "0.8000",
        "uniqueness": "0.5000",
        "novelty": "0.2500",
        "V.U.N.": "0.1000",
        "FCD": "2.000",
        "molecules/s": "25",  # 100 in 4 s
        "unique valid/s": "10",  # of which .8 are valid and half of these different
    }


def test_seeds_are_averaged_and_ways_of_sampling_are_not() -> None:
    found = [measured(0), measured(1, validity=0.6, nats=14.0, fcd=None), measured(0, sampling="steps=5", validity=0.1)]
    headers, line, other = summary(found)
    shown = dict(zip(headers, line, strict=True))
    assert shown["strict validity"] == "0.7000 ± 0.1414" and shown["nats per molecule"] == "13.00 ± 1.41"
    perplexity = (math.exp(12 / 8), math.exp(14 / 8))
    assert shown["perplexity per token"].startswith(f"{sum(perplexity) / 2:.3f} ± ")
    assert shown["FCD"] == "-"
    assert other[:2] == ("words", "steps=5") and other[headers.index("strict validity")] == "0.1000"


def test_the_frame_has_everything() -> None:
    row = to_pandas([measured()]).iloc[0]
    assert row["likelihood_nats"] == 12 and row["likelihood_tokens"] == 8 and row["unique_valid_per_second"] == 10
    assert {"row", "seed", "sampling", "attempts", "calls", "seconds", "vun", "fcd"} <= set(row.index)


@pytest.mark.parametrize(
    "found",
    [
        [measured(validity=0.0, uniqueness=None, novelty=None, vun=0.0, fcd=None)],
        [measured(), measured(row="none", validity=0.0, uniqueness=None, novelty=None, vun=0.0, fcd=None)],
        [measured(fcd=None)],
        [measured(fcd=0.0)],
    ],
)
def test_nothing_valid_is_a_report_too(found: list[Measured], tmp_path: Path) -> None:
    plan = Plan.model_validate(
        {"rows": [{"name": "words", "family": "autoregressive"}], "minutes": 0.5, "attempts": 100}
    )
    text = write_report(tmp_path, plan, found)
    assert "30 seconds of training each; 100 raw attempts; likelihood (40 molecules)" in text
    assert "FCD of the validation split; seeds 0." in text and "8.00 SMILES tokens a molecule" in text
    assert (tmp_path / "report.png").stat().st_size > 5000
    assert len(pandas.read_csv(tmp_path / "report.csv")) == len(found)
    picture = np.asarray(Image.open(tmp_path / "report.png").convert("RGB")).astype(int)
    right = picture[:, picture.shape[1] // 2 :]  # the left one has a legend
    assert (abs(right - FIRST_COLOUR).sum(2) < 30).sum() > 20, "a point, also at a speed of 0"


@pytest.mark.parametrize(("text", "minutes"), [("90s", 1.5), ("30m", 30), ("2h", 120), ("0.5m", 0.5)])
def test_budgets(text: str, minutes: float) -> None:
    assert parse_budget(text) == minutes
