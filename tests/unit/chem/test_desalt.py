"""Desalting keeps the organic component and touches nothing else."""

from __future__ import annotations

import pytest

from molgen.chem.desalt import desalt


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("CCO.Cl", "CCO"),
        ("[Na+].[O-]C(=O)c1ccccc1", "O=C([O-])c1ccccc1"),
        ("CN.[O-][Cl+3]([O-])([O-])[O-]", "CN"),
        ("OCC", "OCC"),
        ("not.a.molecule", "not.a.molecule"),
    ],
)
def test_the_largest_organic_component_is_kept(text: str, kept: str) -> None:
    assert desalt(text) == kept
