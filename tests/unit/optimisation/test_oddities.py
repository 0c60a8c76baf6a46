from __future__ import annotations

from molgen.models.loading import load_model
from molgen.optimisation.oddities import oddities, summary


def test_what_speaks_against_a_molecule_is_said() -> None:
    found = oddities(["CCO", "CC(=O)Cl", "C1CC#CC1"], load_model("qm9-ar"))
    assert found["alerts"][0] == "" and "BRENK" in str(found["alerts"][1])
    assert found["ring_oddities"][0] == "" and "triple bond" in str(found["ring_oddities"][2])
    assert found["nll"][1] is None, "QM9 has no chlorine"
    assert isinstance(found["nll"][0], float)
    assert summary(found).startswith("of the best 3: alerts in ")
    assert summary(oddities([], load_model("qm9-ar"))).startswith("of the best 0")
