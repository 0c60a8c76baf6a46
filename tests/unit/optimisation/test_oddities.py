from __future__ import annotations

from pathlib import Path

from molgen.models.loading import load_model
from molgen.optimisation.oddities import oddities, summary
from molgen.scoring import Score
from molgen.scoring.qsar import Activity, QsarModel, QsarSettings


def test_what_speaks_against_a_molecule_is_said() -> None:
    found = oddities(["CCO", "CC(=O)Cl", "C1CC#CC1"], load_model("qm9-ar"))
    assert found["alerts"][0] == "" and "BRENK" in str(found["alerts"][1])
    assert found["ring_oddities"][0] == "" and "triple bond" in str(found["ring_oddities"][2])
    assert found["nll"][1] is None, "QM9 has no chlorine"
    assert isinstance(found["nll"][0], float)
    assert summary(found).startswith("of the best 3: alerts in ")
    assert summary(oddities([], load_model("qm9-ar"))).startswith("of the best 0")


def test_how_far_predictions_are_outside_their_domain_is_said(tmp_path: Path) -> None:
    activity = Activity([f"{'C' * n}O" for n in range(1, 31)], [float(n) for n in range(30)])
    QsarModel(activity, QsarSettings()).save(tmp_path / "qsar")
    score = Score.of(tmp_path, terms=[{"type": "qsar", "folder": "qsar"}, {"type": "rings"}])
    found = oddities(["CCCO", "c1ccncc1"], load_model("qm9-ar"), score)
    known, strange = found["qsar_domain"]
    assert known == 1 and isinstance(strange, float) and strange < 0.2
    assert summary(found).endswith(f"mean qsar domain {(1 + strange) / 2:.3g}")
