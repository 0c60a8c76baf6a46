"""Molecules with given property values: MolHIT's protocol (Jung et al., 2026), and how far ranges are kept to.

    molgen data fetch moses
    python benchmarks/properties.py [--model drugs-graph] [--samples 10000] [--seeds 0 1 2] [--guidance 0]
        [--preset precise]

Part 1. Every raw attempt is asked for QED, SA, logP and weight of a random molecule of MOSES's test set. Over the
attempts that are valid: mean absolute error of each property, on a scale on which the test molecules lie between 0 and
1, and Pearson correlation. Means over the properties, and over seeds with standard deviations.

Part 2. Share of raw attempts that are valid, with a logP of 1 to 3, QED of at least 0.7 and weight of at most 350,
where nothing is asked for and where this is.

Part 3. De novo quality: different molecules with QED of at least 0.6 and SA of at most 4, of 1,000 raw attempts, and
the mean Tanimoto distance between the different valid ones (Morgan radius 2, 1024 bits); where nothing is asked for
and where this is.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterable, Sequence
from itertools import islice
from typing import Any

import numpy as np
import pandas
from fragments import distances, morgan
from rdkit import Chem

import molgen
from molgen.chem.strict import strict_from_smiles
from molgen.constraints.interval import Interval
from molgen.datasets import moses
from molgen.evaluation.suites.medchem import LEAST_QED, MOST_SA
from molgen.features.named_properties import property_values
from molgen.models.generator import Generator

PROPERTIES = ("QED", "SA", "logP", "weight")
RANGES = {"logP": Interval(1, 3), "QED": Interval(0.7, None), "weight": Interval(None, 350)}
QUALITY = {"QED": Interval(LEAST_QED, None), "SA": Interval(None, MOST_SA)}
TARGETS = 20_000
"""Molecules of the test set that targets are drawn from."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", default="drugs-graph")
    parser.add_argument("--samples", type=int, default=10_000)
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    parser.add_argument("--guidance", type=float, default=0.0)
    parser.add_argument("--preset", help="of the model, where something is asked for")
    arguments = parser.parse_args()
    model, samples = molgen.load(arguments.model), arguments.samples
    settings = {"guidance": arguments.guidance, "preset": arguments.preset}
    test = values(record.smiles for record in islice(moses.records(("test",)), TARGETS))
    print("part 1", "validity", *(f"error {name}" for name in PROPERTIES), "error", *PROPERTIES, "r", sep="\t")
    rows = [followed(model, test, samples, seed, settings) for seed in arguments.seeds]
    show(f"guidance {arguments.guidance:g}", rows)
    print("part 2", "share inside", sep="\t")
    for name, asked in (("nothing asked", {}), ("asked", RANGES)):
        show(name, [[inside(model, asked, samples, seed, settings)] for seed in arguments.seeds])
    print("part 3", "quality", "diversity", sep="\t")
    for name, asked in (("nothing asked", {}), ("asked", QUALITY)):
        show(name, [quality(model, asked, seed, settings) for seed in arguments.seeds])


def show(name: str, rows: Sequence[Sequence[float]]) -> None:
    """Print means and standard deviations over seeds."""
    pairs = zip(np.mean(rows, axis=0), np.std(rows, axis=0), strict=True)
    print(name, *(f"{mean:.4f}±{spread:.4f}" for mean, spread in pairs), sep="\t", flush=True)


def values(smiles: Iterable[str]) -> pandas.DataFrame:
    """`PROPERTIES` of molecules."""
    return pandas.DataFrame(
        [property_values(Chem.MolFromSmiles(text), PROPERTIES) for text in smiles], columns=list(PROPERTIES)
    )


def followed(
    model: Generator, test: pandas.DataFrame, samples: int, seed: int, settings: dict[str, Any]
) -> list[float]:
    """Validity, scaled errors with their mean, correlations with their mean."""
    wanted = test.sample(samples, random_state=seed, replace=samples > len(test)).reset_index(drop=True)
    attempts = drawn(model, samples, wanted, seed, settings)
    valid = [number for number, smiles in enumerate(attempts) if smiles]
    found = values(attempts[number] for number in valid)
    asked = wanted.iloc[valid].reset_index(drop=True)
    errors = ((found - asked).abs().mean() / (test.max() - test.min())).tolist()
    correlations = [float(np.corrcoef(found[name], asked[name])[0, 1]) for name in PROPERTIES]
    return [len(valid) / samples, *errors, float(np.mean(errors)), *correlations, float(np.mean(correlations))]


def inside(model: Generator, asked: dict[str, Interval], samples: int, seed: int, settings: dict[str, Any]) -> float:
    """Share of attempts that are valid and lie in `RANGES`."""
    return float(np.mean([has(smiles, RANGES) for smiles in drawn(model, samples, asked, seed, settings)]))


def quality(model: Generator, asked: dict[str, Interval], seed: int, settings: dict[str, Any]) -> tuple[float, float]:
    """Quality and diversity of 1,000 attempts."""
    attempts = drawn(model, 1000, asked, seed, settings)
    different = list(dict.fromkeys(smiles for smiles in attempts if smiles))
    prints = [morgan.GetFingerprint(Chem.MolFromSmiles(smiles)) for smiles in different]
    return sum(has(smiles, QUALITY) for smiles in different) / len(attempts), float(np.mean(distances(prints)))


def drawn(model: Generator, samples: int, properties: Any, seed: int, settings: dict[str, Any]) -> list[str]:
    """Canonical SMILES of raw attempts, empty where they are not strictly valid."""
    asked = properties if len(properties) else None
    attempts = model.attempts(
        samples, seed=seed, properties=asked, collection="moses", **(settings if len(properties) else {})
    )
    return [strict_from_smiles(text) or "" for text in attempts]


def has(smiles: str, ranges: dict[str, Interval]) -> bool:
    """Whether it is a molecule whose properties lie in all ranges."""
    if not smiles:
        return False
    found = property_values(Chem.MolFromSmiles(smiles), list(ranges))
    return all(value in interval for value, interval in zip(found, ranges.values(), strict=True))


if __name__ == "__main__":
    main()
