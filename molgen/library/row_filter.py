"""Conditions on the columns of a library, written in SQL."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cache
from typing import Any

import duckdb
import pyarrow as pa

from molgen.errors import MolgenError, UsageError
from molgen.library.columns import DESCRIPTIONS, annotated, table_of
from molgen.library.database import closed_connection, first_line

_EXAMPLE = "CCO"
"""A molecule that a filter is tried on."""

_OF_NOW = frozenset(
    {"ago", "current_date", "current_localtime", "current_localtimestamp", "get_current_time", "get_current_timestamp"}
    | {"now", "pg_conf_load_time", "pg_postmaster_start_time", "today", "transaction_timestamp", "txid_current"}
)
"""Functions of the current time, which the database marks as constant within a query."""

_OF_NOW_ALONE = frozenset({"age"})
"""Functions that take the time since their argument when that is the only one."""

_FORBIDDEN = {"SUBQUERY": "a query inside it", "WINDOW": "a window", "PARAMETER": "a parameter"}


@dataclass(frozen=True)
class RowFilter:
    """A condition that each row meets or not, whatever the other rows are.

    Attributes:
        text: as it was written.
        canonical: as the database understands it.
        columns: that it looks at.
    """

    text: str
    canonical: str
    columns: tuple[str, ...]

    @classmethod
    def of(cls, text: str, schema: pa.Schema) -> RowFilter:
        """A condition on columns, such as ``qed > 0.6 and sa < 4 and alerts_PAINS == 0``; case means nothing in names.

        Args:
            text: an expression of SQL that is true or false.
            schema: of the table.

        Raises:
            UsageError: it is no such expression, an unknown column, or one whose value is not fixed, such as
                ``random() < 0.5``.

        Example:
            >>> from molgen.library.columns import schema
            >>> found = RowFilter.of("qed > 0.6 and alerts_pains == 0", schema())
            >>> found.columns, found.canonical
            (('QED', 'alerts_PAINS'), '((QED > 0.6) AND (alerts_PAINS = 0))')
        """
        if not text.strip():
            raise UsageError("the filter is empty; write one such as 'QED > 0.6 and SA < 4'")
        names, columns = {name.lower(): name for name in schema.names}, []
        with closed_connection() as connection:
            statement = _parsed(connection, text)
            for node in _nodes(statement):
                _refuse_unfit(text, node)
                if node.get("class") == "COLUMN_REF":
                    node["column_names"] = [_column(text, node, names)]
                    columns += node["column_names"]
            written = connection.execute("SELECT json_deserialize_sql(?)", [json.dumps(statement)]).fetchall()
            canonical = str(written[0][0]).partition(" WHERE ")[2]
            connection.register("molecules", table_of([annotated(0, _EXAMPLE)], schema))
            try:
                found = connection.execute(f"DESCRIBE SELECT ({canonical}) FROM molecules").fetchall()
                connection.execute(f"SELECT * FROM molecules WHERE {canonical}").fetchall()
            except duckdb.Error as error:
                raise UsageError(f"the filter {text!r} cannot be used: {first_line(error)}") from None
        if found[0][1] != "BOOLEAN":
            raise UsageError(f"the filter {text!r} is neither true nor false: its value is {found[0][1]}")
        return cls(text, canonical, tuple(dict.fromkeys(columns)))

    def kept(self, table: pa.Table) -> pa.Table:
        """The rows of a table that meet it, in their order.

        Raises:
            MolgenError: it has no value for one of them, such as a text that is no number.
        """
        with closed_connection() as connection:
            connection.register("molecules", table.append_column("row", pa.array(range(len(table)), pa.int64())))
            query = f"SELECT row FROM molecules WHERE {self.canonical} ORDER BY row"
            try:
                rows = connection.execute(query).fetchnumpy()
            except duckdb.Error as error:
                raise MolgenError(f"the filter {self.text!r} fails: {first_line(error)}") from None
        return table.take(pa.array(rows["row"], pa.int64()))

    def explained(self) -> list[str]:
        """What it means, one line for the whole and one for each column."""
        meanings = [f"  {name}: {DESCRIPTIONS.get(name, 'a column')}" for name in self.columns]
        return [f"kept are molecules with {self.canonical}", *meanings]


def _parsed(connection: duckdb.DuckDBPyConnection, text: str) -> dict[str, Any]:
    """A query with the condition, as the database reads it, once it is one condition and nothing else."""
    query = f"SELECT * FROM molecules WHERE ({text}\n)"
    found = json.loads(connection.execute("SELECT json_serialize_sql(?)", [query]).fetchall()[0][0])
    if found["error"]:
        raise UsageError(f"the filter {text!r} cannot be read: {found['error_message']}")
    node = found["statements"][0]["node"] if len(found["statements"]) == 1 else {}
    plain = node.get("type") == "SELECT_NODE" and node["from_table"].get("table_name") == "molecules"
    if not plain or node["modifiers"] or node["group_sets"] or node["having"] or not node["where_clause"]:
        raise UsageError(f"the filter {text!r} is not one condition; write one such as 'QED > 0.6 and SA < 4'")
    return dict(found)


def _nodes(tree: Any) -> Iterator[dict[str, Any]]:
    """All parts of a tree."""
    if isinstance(tree, dict):
        yield tree
    for part in tree.values() if isinstance(tree, dict) else tree if isinstance(tree, list) else ():
        yield from _nodes(part)


def _refuse_unfit(text: str, node: dict[str, Any]) -> None:
    unfit = _FORBIDDEN.get(str(node.get("class")))
    if node.get("class") == "FUNCTION" and _changes(node):
        unfit = f"{node['function_name']}(), whose value changes from call to call"
    if unfit is not None:
        raise UsageError(f"the filter {text!r} has {unfit}; it may look at the columns of one molecule alone")


def _changes(function: dict[str, Any]) -> bool:
    """Whether a function does not give the same value each time."""
    name = str(function["function_name"]).lower()
    arguments = function.get("arguments", function.get("children", ()))  # the latter before DuckDB 2
    return name in _volatile() | _OF_NOW or (name in _OF_NOW_ALONE and len(arguments) == 1)


def _column(text: str, node: dict[str, Any], names: dict[str, str]) -> str:
    given = ".".join(node["column_names"]).removeprefix("molecules.")
    if given.lower() in names:
        return names[given.lower()]
    near = get_close_matches(given.lower(), names, n=1)
    hint = f"; did you mean {names[near[0]]}?" if near else f"; the columns are {', '.join(names.values())}"
    raise UsageError(f"the filter {text!r} has an unknown column {given!r}{hint}")


@cache
def _volatile() -> frozenset[str]:
    """Functions that the database says do not give the same value each time."""
    with closed_connection() as connection:
        rows = connection.execute("SELECT function_name FROM duckdb_functions() WHERE stability ILIKE '%volatile%'")
        return frozenset(name.lower() for (name,) in rows.fetchall())
