"""Filters are read before anything is made, and look at one molecule alone."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from molgen.errors import UsageError
from molgen.library import Library
from molgen.library.columns import annotated, schema, table_of
from molgen.library.database import closed_connection
from molgen.library.row_filter import RowFilter

SMILES = ["CCO", "c1ccccc1", "CC(=O)Cl", "CCCCCCCCCC", "N"]
TABLE = table_of([annotated(number, text) for number, text in enumerate(SMILES)], schema())


def kept(text: str) -> list[str]:
    return RowFilter.of(text, schema()).kept(TABLE)["smiles"].to_pylist()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("heavy_atoms >= 4", SMILES[1:4]),
        ("ALERTS_BRENK == 0 and sa < 4 and smiles <> 'N'", ["CCO", "c1ccccc1"]),
        ("smiles like '%Cl%' or rings = 1 -- a remark", ["c1ccccc1", "CC(=O)Cl"]),
        ("logp between 0.5 and 3", ["c1ccccc1", "CC(=O)Cl"]),
        ("scaffold in ('c1ccccc1')", ["c1ccccc1"]),
        ("false", []),
        ("true", SMILES),
        ("abs(molecules.charge) = 0 and smiles != 'it''s'", SMILES),
    ],
)
def test_conditions_keep_rows_in_order(text: str, expected: list[str]) -> None:
    assert kept(text) == expected


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("qedd > 0.5", "unknown column 'qedd'; did you mean QED"),
        ("zzz = 1", "the columns are smiles, inchikey"),
        ("qed", "neither true nor false: its value is DOUBLE"),
        ("qed >", "cannot be read"),
        ("", "empty"),
        ("qed > 0.5; DROP TABLE molecules", "cannot be read"),
        ("1=1) UNION SELECT * FROM molecules WHERE (1=1", "not one condition"),
        ("1=1) ORDER BY (smiles", "not one condition|cannot be read|neither"),
        ("1=1) GROUP BY (smiles", "not one condition|cannot be"),
        ("smiles in (SELECT smiles FROM molecules)", "a query inside it"),
        ("random() < 0.5", "changes from call to call"),
        ("row_number() OVER () = 1", "a window"),
        ("sum(qed) > 1", "cannot be used"),
        ("qed > 'a'", "cannot be used"),
        ("smiles in (SELECT content FROM read_text('/etc/hostname'))", "a query inside it"),
        ("qed > $1", "a parameter"),
        ("nosuchfunction(qed) > 1", "cannot be used"),
    ],
)
def test_what_is_no_condition_on_one_molecule_is_refused(text: str, said: str) -> None:
    with pytest.raises(UsageError, match=said) as caught:
        RowFilter.of(text, schema())
    assert len(str(caught.value).splitlines()) == 1


def functions_of_time_or_chance() -> list[str]:
    """Calls, as DuckDB lists its functions: volatile ones, times made of nothing, and macros that are made of them."""
    with closed_connection() as connection:
        rows = connection.execute(
            "SELECT function_name, parameters, stability, return_type, macro_definition FROM duckdb_functions() "
            "WHERE function_type IN ('scalar', 'macro') AND regexp_matches(function_name, '^[a-z_0-9]+$')"
        ).fetchall()
    found = {"age(TIMESTAMP '2020-01-01')", "txid_current()"}  # which are listed like any other function
    for name, parameters, stability, result, macro in rows:
        time = not parameters and re.match("TIME|DATE", result or "") and stability != "CONSISTENT"
        if stability == "VOLATILE" or time or re.search("random|current_timestamp|now|today", macro or ""):
            found.add(f"{name}({', '.join('NULL' for _ in parameters)})")
    return sorted(found)


@pytest.mark.parametrize("call", functions_of_time_or_chance())
def test_functions_of_time_or_chance_are_refused(call: str) -> None:
    for text in (f"{call} IS NULL", f"main.{call.upper()} IS NULL", f"QED > 0.5 AND NOT ({call} IS NOT NULL)"):
        with pytest.raises(UsageError, match="changes from call to call"):
            RowFilter.of(text, schema())


def test_the_list_of_them_holds_those_that_are_known() -> None:
    names = {call.partition("(")[0] for call in functions_of_time_or_chance()}
    assert names >= {"random", "uuid", "now", "today", "get_current_timestamp", "transaction_timestamp", "ago", "age"}
    assert names >= {"current_localtimestamp", "current_localtime", "get_current_time", "current_date"}


def test_functions_of_times_that_are_given_are_taken() -> None:
    fixed = "age(TIMESTAMP '2020-01-01', TIMESTAMP '2019-01-01') > INTERVAL 1 DAY and year(DATE '2020-01-01') = 2020"
    assert kept(f"{fixed} and attempt + 1 > 1") == SMILES[1:]


@pytest.mark.slow
@given(st.text(max_size=30))
def test_any_text_is_a_filter_or_refused(text: str) -> None:
    try:
        found = RowFilter.of(text, schema())
    except UsageError:
        return
    assert found.kept(TABLE).schema == TABLE.schema


def test_columns_that_a_library_does_not_have() -> None:
    with pytest.raises(UsageError, match="unknown column"):
        RowFilter.of("nearest < 0.5", schema())
    assert RowFilter.of("nearest < 0.5", schema(nearest=True)).columns == ("nearest",)


def test_it_is_explained() -> None:
    lines = RowFilter.of("QED > .5 and alerts_pains = 0", schema()).explained()
    assert lines[0] == "kept are molecules with ((QED > .5) AND (alerts_PAINS = 0))"
    assert "drug-likeness" in lines[1] and "PAINS" in lines[2]
    assert "asked for" in Library.explain("conditions like '%ring%'", conditions=True)[1]
    with pytest.raises(UsageError, match="unknown column"):
        Library.explain("conditions like '%ring%'")
