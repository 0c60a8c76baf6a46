from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from rdkit import Chem, DataStructs

from molgen.errors import MolgenError, UsageError
from molgen.features.fragments import scaffold_of
from molgen.features.named_properties import property_values
from molgen.scoring import Score
from molgen.scoring.fingerprints import fingerprint
from molgen.scoring.qsar import Activity, QsarModel, QsarSettings, cross_validate
from molgen.scoring.qsar.features import counts, environment_counts, features, tanimoto
from molgen.scoring.qsar.pipelines import ESTIMATOR_NAMES


@pytest.fixture(scope="module")
def activity(smiles: list[str]) -> Activity:
    """logP of molecules of QM9, as an activity that can be learned."""
    texts = [Chem.CanonSmiles(text) for text in smiles[:150]]
    return Activity(texts, [property_values(Chem.MolFromSmiles(text), ["logP"])[0] for text in texts])


def molecules(texts: list[str]) -> list[Chem.Mol]:
    return [Chem.MolFromSmiles(text) for text in texts]


@pytest.mark.slow
@pytest.mark.parametrize("estimator", ESTIMATOR_NAMES)
@pytest.mark.parametrize("threshold", (None, 0.3))
def test_every_estimator_predicts_what_it_has_seen(
    estimator: str, threshold: float | None, activity: Activity, tmp_path: Path
) -> None:
    model = QsarModel(activity, QsarSettings(estimator=estimator, threshold=threshold))  # type: ignore[arg-type]
    mols, measured = molecules(activity.smiles), np.array(activity.values)
    found = model.predict(mols)
    if threshold is not None:
        assert found.min() >= 0 and found.max() <= 1
        measured = (measured >= threshold).astype(float)
    assert np.corrcoef(found, measured)[0, 1] > 0.8
    spread = model.uncertainty(mols)
    assert np.isnan(spread).all() if (estimator, threshold) == ("gradient-boosting", None) else (spread >= 0).all()
    model.save(tmp_path / "qsar")
    assert {path.name for path in (tmp_path / "qsar").iterdir()} == {"data.csv", "settings.json"}
    np.testing.assert_allclose(QsarModel.load(tmp_path / "qsar").predict(mols[:20]), found[:20], atol=1e-6)


def test_a_gaussian_process_is_less_sure_of_what_it_does_not_know(activity: Activity) -> None:
    model = QsarModel(activity, QsarSettings(estimator="gaussian-process"))
    known, strange = molecules(activity.smiles[:20]), molecules(["c1ccc2c(c1)[nH]c1ccccc12", "FC(F)(F)c1ccc(Br)cc1"])
    assert model.uncertainty(known).mean() < model.uncertainty(strange).min()
    assert model.similarity(known).tolist() == [1.0] * 20
    assert model.similarity(strange).max() < 0.5


def test_tanimoto_is_minima_over_maxima_of_any_two_tables_of_counts() -> None:
    draw = np.random.default_rng(0)
    x, y = draw.poisson(1.5, (5, 12)).astype(np.float32), draw.poisson(0.5, (7, 12)).astype(np.float32)
    x[:, 3] = y[:, 8] = 0
    for first, second in ((x, y), (y, x), (x, x), (x, np.zeros_like(y))):
        least = np.minimum(first[:, None], second[None]).sum(-1, dtype=float)
        most = np.maximum(first[:, None], second[None]).sum(-1, dtype=float)
        np.testing.assert_allclose(tanimoto(first, second), least / most, rtol=1e-12)


def test_tanimoto_is_that_of_rdkit() -> None:
    texts = ["CCO", "c1ccccc1CCCCN", "CC(=O)Nc1ccc(O)cc1"]
    x = counts(features(molecules(texts)))
    prints = [fingerprint("ecfp4")(mol) for mol in molecules(texts)]
    expected = [DataStructs.BulkTanimotoSimilarity(one, prints) for one in prints]
    np.testing.assert_allclose(tanimoto(x, x), expected, atol=0.02)  # but for environments that share a column


@pytest.mark.slow
def test_scaffolds_are_never_on_both_sides(activity: Activity) -> None:
    found = cross_validate(activity, QsarSettings(), folds=4)
    folds: dict[str, set[int]] = {}
    for text, fold in zip(found.smiles, found.fold.tolist(), strict=True):
        folds.setdefault(scaffold_of(text), set()).add(fold)
    assert all(len(places) == 1 for places in folds.values())
    names = [name for name, _ in found.table()]
    assert names == ["fold 1", "fold 2", "fold 3", "fold 4", "all"]
    row = dict(found.table())["all"]
    assert row["molecules"] == 150 and row["R2"] > 0.3 and row["RMSE"] < row["deviation"]
    assert row["RMSE"] == pytest.approx(found.error)


@pytest.mark.slow
def test_classes_have_metrics_of_their_own(activity: Activity) -> None:
    found = cross_validate(activity, QsarSettings(threshold=0.3), folds=3)
    row = dict(found.table())["all"]
    assert row["ROC AUC"] > 0.7 and 0 < row["actives"] < 1
    assert row["average precision"] > row["actives"]  # that of a guess


def test_an_uncertainty_that_there_is_not_is_refused(activity: Activity, tmp_path: Path) -> None:
    QsarModel(activity, QsarSettings(estimator="gradient-boosting")).save(tmp_path / "logP")
    term = {"type": "qsar", "folder": "logP", "output": "uncertainty", "shape": {"type": "below", "value": 1}}
    with pytest.raises(UsageError, match="gradient boosting of values has no uncertainty"):
        Score.of(tmp_path, terms=[term])


@pytest.mark.slow
def test_predictions_are_terms_of_a_score(activity: Activity, tmp_path: Path) -> None:
    QsarModel(activity, QsarSettings()).save(tmp_path / "logP")
    outputs = ("prediction", "uncertainty", "similarity")
    shape = {"type": "below", "value": 0, "width": 5}
    terms = [{"type": "qsar", "folder": "logP", "output": output, "shape": shape} for output in outputs]
    score = Score.of(tmp_path, terms=terms)
    assert score.names == ("logP", "logP_uncertainty", "logP_similarity")
    found = score.table([activity.smiles[0], "CCCCO"])
    assert found["logP_similarity"][0] == 1
    assert found["logP"][1] == pytest.approx(QsarModel.load(tmp_path / "logP").predict(molecules(["CCCCO"]))[0])


@pytest.mark.slow
def test_a_model_that_is_saved_over_another_is_used(activity: Activity, tmp_path: Path) -> None:
    found = []
    for values in (activity.values, [-value for value in activity.values]):
        model = QsarModel(Activity(activity.smiles, values), QsarSettings())
        model.save(tmp_path / "logP", overwrite=True)
        score = Score.of(tmp_path, terms=[{"type": "qsar", "folder": "logP"}])
        found.append((score.table(["CCCCO"])["logP"][0], model.predict(molecules(["CCCCO"]))[0]))
    assert found[0][0] == pytest.approx(found[0][1]) and found[1][0] == pytest.approx(found[1][1])
    assert found[0][0] != found[1][0]


def test_what_is_no_model_is_refused(activity: Activity, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="not the folder of a QSAR model; make one with molgen fit"):
        Score.of(tmp_path, terms=[{"type": "qsar", "folder": "none"}])
    with pytest.raises(UsageError, match="all values lie on one side of 99"):
        QsarModel(activity, QsarSettings(threshold=99))
    with pytest.raises(UsageError, match="which cannot be split into 5 folds"):
        cross_validate(Activity(["c1ccccc1C", "c1ccccc1O"], [1.0, 2.0]), QsarSettings())
    QsarModel(activity, QsarSettings()).save(tmp_path / "damaged")
    (tmp_path / "damaged" / "settings.json").write_text('{"estimator": "guess"}')
    with pytest.raises(MolgenError, match="holds no sound QSAR model"):
        QsarModel.load(tmp_path / "damaged")


@pytest.mark.parametrize(
    ("rows", "message"),
    (
        ("C1CC,1.0\nCCO,2.0\n", "RDKit cannot read 'C1CC'"),
        (",1.0\nCCO,2.0\n", "empty SMILES"),
        ("CC,nan\nCCO,2.0\n", "the value nan in data.csv is no finite number"),
        ("CC,1.0\nCCO,inf\n", "the value inf in data.csv is no finite number"),
        ("", "data.csv holds no molecules"),
    ),
)
def test_data_of_a_folder_that_cannot_be_fitted_are_refused_when_they_are_read(
    activity: Activity, tmp_path: Path, rows: str, message: str
) -> None:
    QsarModel(activity, QsarSettings()).save(tmp_path / "damaged")
    (tmp_path / "damaged" / "data.csv").write_text(f"smiles,value\n{rows}")
    with pytest.raises(MolgenError, match=message) as found:
        QsarModel.load(tmp_path / "damaged")
    assert "damaged holds no sound QSAR model" in str(found.value) and "\n" not in str(found.value)


def test_counts_are_those_of_all_features() -> None:
    mols = molecules(["CCO", "c1ccccc1O", "CC(=O)N"])
    assert (environment_counts(mols) == counts(features(mols))).all()
    assert features([]).shape == (0, features(mols).shape[1]) and environment_counts([]).shape[0] == 0


def test_a_folder_of_other_things_is_never_replaced(activity: Activity, tmp_path: Path) -> None:
    model, thesis = QsarModel(activity, QsarSettings()), tmp_path / "thesis"
    thesis.mkdir()
    model.save(thesis, overwrite=True)  # it is empty
    model.save(thesis, overwrite=True)  # it holds a model
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "chapter1.txt").write_text("years of work")
    with pytest.raises(UsageError, match="other holds something else"):
        model.save(tmp_path / "other", overwrite=True)
    assert [path.name for path in (tmp_path / "other").iterdir()] == ["chapter1.txt"]
