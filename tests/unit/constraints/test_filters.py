"""Filters as people write them, and which molecules they let pass."""

from __future__ import annotations

import pytest
from rdkit import Chem

from molgen.constraints.filters import Filters, Requirement
from molgen.constraints.interval import Interval
from molgen.errors import UsageError

NITROBENZENE = "O=[N+]([O-])c1ccccc1"
RHODANINE = "O=C1NC(=S)SC1=Cc1ccccc1"


@pytest.mark.parametrize(
    ("text", "requirement"),
    [
        ("QED > 0.7", Requirement("QED", ">", Interval(0.7, 0.7))),
        ("qed>0.7", Requirement("QED", ">", Interval(0.7, 0.7))),
        ("  logp  <=  -1.5 ", Requirement("logP", "<=", Interval(-1.5, -1.5))),
        ("logP = 1..3", Requirement("logP", "=", Interval(1, 3))),
        ("weight == ..400", Requirement("weight", "=", Interval(None, 400))),
        ("HBD=1", Requirement("HBD", "=", Interval(1, 1))),
    ],
)
def test_requirements_are_read(text: str, requirement: Requirement) -> None:
    assert Requirement.of(text) == requirement


@pytest.mark.parametrize(
    ("smiles", "text", "kept"),
    [
        ("CCO", "HBD = 1", True),
        ("CCO", "HBD < 1", False),
        ("CCO", "HBD <= 1", True),
        ("CCO", "HBD > 1", False),
        ("CCO", "HBD >= 1", True),
        ("CCO", "heavy_atoms = 2..3", True),
        ("CCO", "heavy_atoms = 4..", False),
        ("CCO", "weight > 46.06", True),
    ],
)
def test_properties_are_compared(smiles: str, text: str, kept: bool) -> None:
    filters = Filters.of(keep=text)
    assert filters is not None
    assert (
        filters.refused(smiles) == filters.refused(Chem.MolFromSmiles(smiles)) == (None if kept else filters.reasons[0])
    )


def test_the_first_reason_is_given() -> None:
    filters = Filters.of(
        keep=["heavy_atoms < 20", "QED > 0.1"], contains="c1ccccc1", without=["Br", "I"], drop_alerts=["pains, brenk"]
    )
    assert filters is not None
    assert filters.reasons == [
        *("contains=c1ccccc1", "without=Br", "without=I", "heavy_atoms<20", "QED>0.1", "alerts=PAINS", "alerts=BRENK")
    ]
    assert filters.refused("CCBr") == "contains=c1ccccc1"
    assert filters.refused("Brc1ccccc1I") == "without=Br"
    assert filters.refused("CCCCCCCCCCCCCCCCc1ccccc1") == "heavy_atoms<20"
    assert filters.refused(RHODANINE) == "alerts=PAINS"
    assert filters.refused(NITROBENZENE) == "alerts=BRENK"
    assert filters.refused("Cc1ccccc1") is None
    assert filters.refused("not SMILES") == "unreadable"


def test_catalogues_have_other_names_and_count_once() -> None:
    filters = Filters.of(drop_alerts=["BRENK,CHEMBL_Dundee", "nih", "CHEMBL_BMS"])
    assert filters is not None and filters.drop_alerts == ("BRENK", "NIH")


def test_nothing_asked_is_no_filter() -> None:
    assert Filters.of() is None and Filters.of([], (), [], []) is None


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({"keep": "QED"}, "in quotes"),
        ({"keep": "QED ~ 0.7"}, "in quotes"),
        ({"keep": "charm > 0.7"}, "no property 'charm'"),
        ({"keep": "QED > much"}, "takes a number"),
        ({"keep": "QED > "}, "has no value"),
        ({"keep": "QED > 0.5..0.7"}, "takes one number"),
        ({"keep": "QED = 0.7..0.5"}, "is empty"),
        ({"contains": "c1cc"}, "'c1cc' is not SMARTS"),
        ({"without": ["N", ""]}, "'' is not SMARTS"),
        ({"drop_alerts": "PAINS,PANES"}, "no catalogue of alerts 'PANES'"),
    ],
)
def test_what_cannot_be_read_is_refused_in_one_line(asked: dict[str, str], said: str) -> None:
    with pytest.raises(UsageError, match=said) as refusal:
        Filters.of(**asked)
    assert len(str(refusal.value).splitlines()) == 1
