"""Known molecules for the goal-directed benchmarks: to train a generator on, or to begin from.

    molgen data fetch drugs
    python benchmarks/known_molecules.py prior.smi
    molgen train graph-autoregressive --config prior.toml --init-from moses-graph --out runs/prior
    molgen optimise --benchmark pmo --model runs/prior/model -o runs/pmo

    python benchmarks/known_molecules.py known.smi --moses 0 --rule guacamol
    molgen optimise --benchmark guacamol --start known.smi --calls 380000 -o runs/guacamol

They are those of ``bioactive`` and as many of MOSES's training molecules as ``--moses`` says. By the rule ``all``,
without the molecules that the benchmarks search for and what is like them (`molgen.datasets.targets`): fewer molecules
of MOSES than in the set ``drugs``, so that a short training sees all. Test molecules of MOSES that are bioactive are
not taken out, as they are from ``drugs``. By the rule ``guacamol``, without what GuacaMol leaves out of its own
training set, from which the published searches began: ten molecules, and what is like them.
"""

from __future__ import annotations

import argparse
import random
from collections import Counter
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Literal

from molgen.chem.standardize import Limits, canonical_smiles, standardize
from molgen.datasets import bioactive, drugs, moses
from molgen.datasets.splits import TRAIN
from molgen.datasets.targets import HELD_OUT, TARGETS, like_a_target
from molgen.errors import MoleculeError
from molgen.system.workers import Lost, isolated_pairs

Rule = Literal["all", "guacamol"]
LIMITS = Limits(max_atoms=drugs.LARGEST)
RULES: Mapping[Rule, Mapping[str, str]] = {"all": TARGETS, "guacamol": HELD_OUT}
"""What is left out, and what is like it."""


def looked_at(smiles: str, rule: Rule) -> tuple[str, str]:
    """Why a molecule is left out, or nothing, and its canonical SMILES without stereo."""
    try:
        mol = standardize(smiles, LIMITS)
    except MoleculeError as error:
        return error.reason, ""
    if any(atom.GetSymbol() not in drugs.ELEMENTS for atom in mol.GetAtoms()):
        return "other_element", ""
    refusal = like_a_target(mol, RULES[rule])
    return ("", canonical_smiles(smiles, LIMITS)) if refusal is None else (refusal[0], "")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("out", type=Path)
    parser.add_argument("--moses", type=int, default=200_000, help="molecules of MOSES")
    parser.add_argument("--rule", choices=list(RULES), default="all", help="what is left out")
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    draw = random.Random(options.seed)
    texts = [record.smiles for record in bioactive.records() if record.problem is None]
    texts += draw.sample([record.smiles for record in moses.records((TRAIN,))], options.moses)
    left_out, found = Counter[str](), dict[str, None]()
    for _, result in isolated_pairs(partial(looked_at, rule=options.rule), texts, chunk=500):
        reason, smiles = ("crashed", "") if isinstance(result, Lost) else result
        if reason:
            left_out[reason] += 1
        elif smiles in found:
            left_out["duplicate"] += 1
        else:
            found[smiles] = None
    kept = draw.sample(list(found), len(found))
    options.out.write_text("".join(f"{smiles}\n" for smiles in kept))
    print(f"kept {len(kept):,}, left out {dict(left_out)}")


if __name__ == "__main__":
    main()
