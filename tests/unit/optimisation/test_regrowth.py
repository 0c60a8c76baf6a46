from __future__ import annotations

import numpy as np
from rdkit import Chem

from molgen.constraints.fragment import parse_fragment
from molgen.optimisation.regrowth import random_part

MOLECULE = "COc1ccc(CCNC(=O)C2CCCN2)cc1"


def test_parts_are_contained_in_their_molecule_and_smaller() -> None:
    draw, atoms = np.random.default_rng(0), Chem.MolFromSmiles(MOLECULE).GetNumAtoms()
    parts = [random_part(MOLECULE, draw) for _ in range(40)]
    found = [part for part in parts if part is not None]
    assert len({part.text for part in found}) > 10
    for part in found:
        assert len(part.atoms) < atoms and part.contained_in(MOLECULE)
    assert np.mean([len(part.atoms) / atoms for part in found]) > 0.5


def test_any_substituent_is_taken_off_at_its_bond() -> None:
    """And mostly that alone; also half of the molecule now and then."""
    draw, methoxy, ring = np.random.default_rng(3), 0, 0
    for _ in range(300):
        part = random_part(MOLECULE, draw)
        assert part is not None
        methoxy += part.contained_in("c1ccc(CCNC(=O)C2CCCN2)cc1") and len(part.atoms) == 16
        ring += sorted(part.atoms) == sorted(["C"] * 4 + ["N"])
    assert methoxy >= 4, "one of 8 bonds, in a quarter of the parts"
    assert ring >= 1, "the smaller side, in a fifteenth"


def test_a_few_atoms_of_a_ring_are_taken_out() -> None:
    """One to five connected ones; so a ring may be changed while all around it stays."""
    draw, sizes, opened = np.random.default_rng(4), set(), 0
    atoms = Chem.MolFromSmiles(MOLECULE).GetNumAtoms()
    for _ in range(300):
        part = random_part(MOLECULE, draw)
        assert part is not None
        if atoms - len(part.atoms) <= 5:
            sizes.add(atoms - len(part.atoms))
            opened += 0 < sum(token == "c" for token in part.atoms) < 6
    assert sizes == {1, 2, 3, 4, 5}
    assert opened >= 15, "of three tenths, about half in the aromatic ring"


def test_what_is_to_be_kept_is_kept() -> None:
    draw, wanted = np.random.default_rng(1), parse_fragment("c1ccccc1")
    for _ in range(20):
        part = random_part(MOLECULE, draw, wanted)
        assert part is not None and part.contained_in(MOLECULE)
        assert sum(token == "c" for token in part.atoms) == 6


def test_nothing_is_regrown_of_what_is_too_small_or_lacks_the_fragment() -> None:
    draw = np.random.default_rng(2)
    assert random_part("CC", draw) is None
    assert random_part("CCCCO", draw, parse_fragment("c1ccccc1")) is None
