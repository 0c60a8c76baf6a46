"""The features of NSPDK against its definition, written out with dictionaries."""

from __future__ import annotations

import math
from collections import defaultdict
from random import Random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from rdkit import Chem

from molgen.features.neighbourhoods import COMPLEXITY, SparseVector, nspdk
from molgen.features.record import MoleculeRecord

SMILES = (
    "C",
    "CCO",
    "CC(=O)Nc1ccccc1",
    "CC(C)(C)C#N",
    "c1ccc2ccccc2c1",
    "C12C3C4C1C5C2C3C45",
    "C1CC1CO.CO",
    "Cc1ccc(-c2cc(C(F)(F)F)nn2-c2ccc(S(N)(=O)=O)cc2)cc1",
)


def plain(mol: Chem.Mol) -> dict[object, float]:
    """Features as tuples: two neighbourhoods of one radius at a distance, or the second alone; bonds are nodes too."""
    depth = 2 * COMPLEXITY
    label: dict[object, int] = {atom.GetIdx(): atom.GetAtomicNum() for atom in mol.GetAtoms()}
    near: dict[object, list[object]] = {atom: [] for atom in label}
    for bond in mol.GetBonds():
        node, ends = ("bond", bond.GetIdx()), (bond.GetBeginAtomIdx(), bond.GetEndAtomIdx())
        label[node], near[node] = 1000 + int(bond.GetBondTypeAsDouble()), list(ends)
        for atom in ends:
            near[atom].append(node)
    atoms = [atom.GetIdx() for atom in mol.GetAtoms()]
    levels = {}
    for root in atoms:
        seen, level = {root}, [[root]]
        while len(level) <= depth and level[-1]:
            level.append(list({node for known in level[-1] for node in near[known]} - seen))
            seen |= set(level[-1])
        levels[root] = [each for each in level if each]
    views = {
        root: [
            tuple(tuple(sorted((label[n], len(near[n])) for n in one)) for one in levels[root][: d + 1])
            for d in range(len(levels[root]))
        ]
        for root in atoms
    }
    groups: dict[tuple[int, int], dict[object, int]] = defaultdict(lambda: defaultdict(int))
    for one in atoms:
        for distance in range(0, depth + 1, 2):
            for other in levels[one][distance] if distance < len(levels[one]) else ():
                for radius in range(0, min(depth + 1, len(views[one]), len(views[other])), 2):
                    pair = tuple(sorted((views[one][radius], views[other][radius])))
                    groups[radius, distance][pair, radius, distance] += 1
                    groups[radius, distance][views[other][radius], radius, distance] += 1
    found = {}
    for group in groups.values():
        length = math.sqrt(sum(count**2 for count in group.values()) * len(groups))
        found.update({feature: count / length for feature, count in group.items()})
    return found


def product(first: SparseVector, second: SparseVector) -> float:
    _, i, j = np.intersect1d(first.keys, second.keys, return_indices=True)
    return float(first.values[i] @ second.values[j])


def test_products_of_all_pairs_are_those_of_the_definition() -> None:
    vectors = [nspdk(MoleculeRecord(text)) for text in SMILES]
    expected = [plain(Chem.MolFromSmiles(text)) for text in SMILES]
    for a, one in zip(vectors, expected, strict=True):
        assert len(a.keys) == len(set(a.keys.tolist())) == len(one)
        for b, other in zip(vectors, expected, strict=True):
            assert product(a, b) == pytest.approx(sum(v * other.get(k, 0) for k, v in one.items()), abs=1e-12)


@given(st.sampled_from(SMILES), st.randoms(use_true_random=False))
def test_the_order_of_atoms_does_not_count(smiles: str, random: Random) -> None:
    mol = Chem.MolFromSmiles(smiles)
    order = list(range(mol.GetNumAtoms()))
    random.shuffle(order)
    moved = MoleculeRecord("")
    moved.__dict__["mol"] = Chem.RenumberAtoms(mol, order)
    assert product(nspdk(moved), nspdk(MoleculeRecord(smiles))) == pytest.approx(1)
