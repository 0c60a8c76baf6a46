from __future__ import annotations

from pathlib import Path

import pytest

from molgen.errors import MolgenError, UsageError
from molgen.scoring.qsar import read_activity

ALCOHOLS = [f"{'C' * n}O" for n in range(1, 31)]


def table(folder: Path, rows: list[str], header: str = "smiles,pIC50") -> Path:
    path = folder / "activity.csv"
    path.write_text("\n".join([header, *rows]) + "\n")
    return path


def numbered(folder: Path, *more: str) -> Path:
    return table(folder, [*(f"{text},{5 + n / 10}" for n, text in enumerate(ALCOHOLS)), *more])


def test_molecules_have_one_value_and_what_has_none_is_counted(tmp_path: Path) -> None:
    found = read_activity(
        numbered(
            tmp_path,
            "OC,5.2",
            "OCC,9.9",
            "OCC,1.1",
            "CN,",
            "CCN,inactive",
            "CCCN,>10",
            "C1CC,4",
            "C[C@H](N)O,5",
            "C[C@@H](N)O,5.2",
        ),
        "pIC50",
    )
    values = dict(zip(found.smiles, found.values, strict=True))
    assert values["CO"] == pytest.approx(5.1) and values["CC(N)O"] == pytest.approx(5.1)
    assert "CCO" not in values
    assert found.left_out == {
        "no value": 1,
        "no number": 1,
        "beyond a limit": 1,
        "no molecule": 1,
        "values that disagree": 1,
    }
    assert str(found).startswith("30 molecules; left out: no value 1")


def test_concentrations_become_negative_logarithms(tmp_path: Path) -> None:
    path = table(tmp_path, [f"{text},{10.0 ** (n / 5)}" for n, text in enumerate(ALCOHOLS)], "smiles,IC50")
    found = read_activity(path, "IC50", concentration="nM")
    assert found.values[:2] == pytest.approx([9.0, 8.8]) and not found.notes
    plain = read_activity(path, "IC50")
    assert "like concentrations" in plain.notes[0]


@pytest.mark.parametrize(
    ("rows", "header", "options", "message"),
    (
        (["CO,5"], "smiles,pIC50", {}, "1 molecules with a value, at least 20"),
        (["CO,5"], "smiles,activity", {}, "no column 'pIC50'; it has activity, smiles"),
        (
            [f"{text},{n} nM" for n, text in enumerate(ALCOHOLS)],
            "smiles,pIC50",
            {},
            "values in nM: say --concentration",
        ),
        (
            [f"{text},{n + 1} {'nM' if n % 2 else 'uM'}" for n, text in enumerate(ALCOHOLS)],
            "smiles,pIC50",
            {"concentration": "nM"},
            "the units in the column pIC50 are mixed (uM 15, nM 15)",
        ),
        (
            [f"{text},{n},{'nM' if n % 3 else 'ug/mL'}" for n, text in enumerate(ALCOHOLS)],
            "smiles,pIC50,standard_units",
            {},
            "the units in the column standard_units are mixed (nM 20, ug/mL 10)",
        ),
        (
            [f'{text},"{n},5"' for n, text in enumerate(ALCOHOLS)],
            "smiles,pIC50",
            {},
            "the column pIC50 has numbers with a decimal comma, such as '0,5': write a decimal point",
        ),
        ([f'{text},">1,{n}"' for n, text in enumerate(ALCOHOLS)], "smiles,pIC50", {}, "such as '>1,0'"),
        ([f"{text},5" for text in ALCOHOLS], "smiles,pIC50", {}, "all molecules of activity.csv have the value 5"),
        ([f"{text},{n}" for n, text in enumerate(ALCOHOLS)], "smiles,pIC50", {"concentration": "kg"}, "no unit 'kg'"),
    ),
)
def test_data_that_cannot_be_fitted_are_refused_in_one_line(
    tmp_path: Path, rows: list[str], header: str, options: dict[str, str], message: str
) -> None:
    with pytest.raises(MolgenError) as found:
        read_activity(table(tmp_path, rows, header), "pIC50", **options)
    assert message in str(found.value) and "\n" not in str(found.value)


@pytest.mark.parametrize(
    ("header", "value", "unit", "asked", "message"),
    (
        ("IC50,IC50_units", "{}", "uM", "nM", "IC50_units holds uM, not nM: say --concentration uM"),
        (
            "standard_value,standard_units",
            "{}",
            "ug.mL-1",
            "nM",
            "holds ug.mL-1, not nM: convert the values to nM, or",
        ),
        ("IC50,unit_of_value", "{}", "uM", "nM", "unit_of_value holds uM, not nM: say --concentration uM"),
        ("IC50,Unit of IC50", "{}", "uM", "nM", "Unit of IC50 holds uM, not nM: say --concentration uM"),
        ("IC50,units", "{}", "\u00b5M", "nM", "units holds uM, not nM: say --concentration uM"),
        ("IC50,id", "{} uM", "x", "nM", "IC50 has values in uM: say --concentration uM"),
        ("IC50,id", "{} \u03bcM", "x", None, "IC50 has values in uM: say --concentration uM"),
        ("IC50,id", "{} kg", "x", None, "IC50 has values in kg: remove the unit"),
    ),
)
def test_units_other_than_the_one_asked_for_are_refused(
    tmp_path: Path, header: str, value: str, unit: str, asked: str | None, message: str
) -> None:
    rows = [f"{text},{value.format(n + 1)},{unit}" for n, text in enumerate(ALCOHOLS)]
    with pytest.raises(UsageError) as found:
        read_activity(table(tmp_path, rows, f"smiles,{header}"), header.partition(",")[0], concentration=asked)
    assert message in str(found.value) and "\n" not in str(found.value)


@pytest.mark.parametrize("asked", ("uM", "\u00b5M", "\u03bcM"))
@pytest.mark.parametrize(
    ("header", "unit"),
    (
        ("IC50,IC50_units,Kd_units", "uM,nM"),
        ("value,unit_of_value,id", "uM,x"),
        ("IC50,IC50 unit,dose units", "\u03bcM,mg"),
        ("standard_value,standard_units,units", "umol/l,\u00b5M"),
    ),
)
def test_every_way_to_write_a_unit_is_the_same(tmp_path: Path, header: str, unit: str, asked: str) -> None:
    rows = [f"{text},{n + 1},{unit}" for n, text in enumerate(ALCOHOLS)]
    path = table(tmp_path, rows, f"smiles,{header}")
    assert read_activity(path, header.partition(",")[0], concentration=asked).values[0] == pytest.approx(6)


def test_spellings_of_one_unit_are_not_mixed(tmp_path: Path) -> None:
    micro = ("u", "\u00b5", "\u03bc")
    rows = [f"{text},{n + 1} {micro[n % 3]}M,{micro[(n + 1) % 3]}M" for n, text in enumerate(ALCOHOLS)]
    found = read_activity(table(tmp_path, rows, "smiles,IC50,IC50_units"), "IC50", concentration="uM")
    assert found.values[9] == pytest.approx(5)


def test_a_table_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="there is no file"):
        read_activity(tmp_path / "none.csv", "pIC50")


@pytest.mark.parametrize(("first", "second"), ((3.9, 4.4), (1.7, 2.2), (7.8, 8.3)))
def test_values_that_differ_by_the_tolerance_agree(tmp_path: Path, first: float, second: float) -> None:
    found = read_activity(numbered(tmp_path, f"CCCl,{first}", f"CCCl,{second}"), "pIC50", tolerance=0.5)
    assert found.values[found.smiles.index("CCCl")] == pytest.approx((first + second) / 2)
