"""Scaffold extension on MOSES, as MolHIT measures it (Jung et al., 2026): molecules from their scaffolds.

    molgen data fetch moses
    python benchmarks/scaffolds.py [--model drugs-graph] [--scaffolds 10000] [--seeds 0] [--guard] [--size]

Given is the Murcko scaffold of a random molecule of the test set, its atoms as they are in the molecule, without marks,
so that it may grow anywhere; five attempts are made of each. Printed are means over scaffolds:

- validity: attempts that are valid and contain the scaffold, of all;
- diversity: mean Tanimoto distance between the different ones of a scaffold (Morgan radius 2, 1024 bits), over the
  scaffolds that have at least two;
- Hit@1 and Hit@5: scaffolds of which the first attempt, or one of the five, is the molecule of the test set.

With ``--size`` the number of atoms of that molecule is given too. Molecules that are their own scaffold, and those
without rings, are left out. With ``--guard`` the valence guard is on and dead ends are drawn again.
"""

from __future__ import annotations

import argparse
import random
import time
from collections.abc import Iterator

import numpy as np
from fragments import distances, morgan
from rdkit import Chem
from rdkit.Chem.Scaffolds import MurckoScaffold

import molgen
from molgen.chem.strict import strict_from_smiles
from molgen.constraints.fragment import Fragment, part_of
from molgen.datasets import moses

ATTEMPTS = 5


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", default="drugs-graph")
    parser.add_argument("--scaffolds", type=int, default=10_000)
    parser.add_argument("--seeds", type=int, nargs="+", default=[0])
    parser.add_argument("--guard", action="store_true")
    parser.add_argument("--size", action="store_true", help="give the number of atoms too")
    arguments = parser.parse_args()
    model = molgen.load(arguments.model)
    print("seed", "scaffolds", "validity", "diversity", "Hit@1", "Hit@5", "s", sep="\t")
    for seed in arguments.seeds:
        started = time.perf_counter()
        shares, spread, hits = [], [], []
        for number, (fragment, molecule, atoms) in enumerate(tasks(arguments.scaffolds, seed)):
            # With one seed for all, the sizes of the five attempts would be the same draws for every scaffold.
            attempts = model.attempts(
                ATTEMPTS,
                seed=seed * arguments.scaffolds + number,
                fragment=fragment,
                atoms=atoms if arguments.size else None,
                collection="moses",
                valence_guard=arguments.guard,
            )
            read = [strict_from_smiles(text) if text else None for text in attempts]
            found = [smiles if smiles and fragment.contained_in(smiles) else None for smiles in read]
            shares.append(np.mean([smiles is not None for smiles in found]))
            hits.append((found[0] == molecule, molecule in found))
            spread += distance(found)
        figures = (np.mean(shares), np.mean(spread), *np.mean(hits, axis=0))
        seconds = time.perf_counter() - started
        print(seed, len(shares), *(f"{figure:.4f}" for figure in figures), f"{seconds:.0f}", sep="\t", flush=True)


def tasks(count: int, seed: int) -> Iterator[tuple[Fragment, str, int]]:
    """Scaffold, molecule and its number of atoms, of random molecules of the test set."""
    smiles = [record.smiles for record in moses.records(("test",))]
    random.Random(seed).shuffle(smiles)
    for text in smiles:
        mol = Chem.MolFromSmiles(text)
        Chem.RemoveStereochemistry(mol)
        for atom in mol.GetAtoms():
            atom.SetIntProp("number", atom.GetIdx())
        scaffold = [atom.GetIntProp("number") for atom in MurckoScaffold.GetScaffoldForMol(mol).GetAtoms()]
        if 0 < len(scaffold) < mol.GetNumAtoms():
            yield part_of(mol, scaffold), Chem.MolToSmiles(mol), mol.GetNumAtoms()
            count -= 1
            if not count:
                return


def distance(found: list[str | None]) -> list[float]:
    """Mean distance between the different molecules, in a list of one; none where there are fewer than two."""
    pairs = distances([morgan.GetFingerprint(Chem.MolFromSmiles(smiles)) for smiles in dict.fromkeys(found) if smiles])
    return [float(np.mean(pairs))] if pairs else []


if __name__ == "__main__":
    main()
