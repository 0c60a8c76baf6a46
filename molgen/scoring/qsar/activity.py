"""Measured activities from a table: one value per molecule, or a reason why not."""

from __future__ import annotations

import math
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from rdkit import Chem

from molgen.chem.standardize import parse
from molgen.errors import MoleculeError, MolgenError, UsageError
from molgen.io import read_rows

FEWEST = 20
"""Different molecules that a model can be fitted to."""

CONCENTRATIONS = {"M": 0, "mM": 3, "uM": 6, "nM": 9, "pM": 12}
"""Units of concentrations, and how many powers of ten they lie below 1 mol/l."""

_NUMBER = re.compile(r"([<>~=]*)\s*([+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)\s*(\S*)")
_COMMA = re.compile(r"[<>~=]*\s*[+-]?\d*,\d")
_MICRO = str.maketrans({"\u00b5": "u", "\u03bc": "u"})
"""The micro sign and the Greek letter, which look the same."""
_ROUNDING = 1e-9
"""By which a difference may be above the tolerance: 4.4 - 3.9 is not .5 in binary numbers."""
_WIDE = 1e3
"""Ratio of the largest to the least value beyond which values look like concentrations."""


@dataclass
class Activity:
    """Molecules and their activities.

    Attributes:
        smiles: canonical, without stereo, all different.
        values: one each.
        left_out: counts by reason. Of records: ``no value``, ``no number``, ``beyond a limit`` (a number with ``<``,
            ``>`` or ``~``), ``not positive`` (a concentration), ``no molecule``. Of molecules, once for
            each, however many records it has: ``values that disagree``. Records of one molecule that agree count
            nowhere: they are used together.
        notes: what a user should know, a line each.
        raw: whether the values look like concentrations, of which the less is the better.
    """

    smiles: list[str]
    values: list[float]
    left_out: dict[str, int] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    raw: bool = False

    def __str__(self) -> str:
        reasons = ", ".join(f"{reason} {count:,}" for reason, count in self.left_out.items())
        return f"{len(self.smiles):,} molecules" + (f"; left out: {reasons}" if reasons else "")


def read_activity(
    path: str | Path,
    column: str,
    *,
    smiles_column: str | None = None,
    concentration: str | None = None,
    tolerance: float = 0.5,
) -> Activity:
    """Read a table of molecules and values.

    Values with ``<`` or ``>`` are left out, as are molecules with several values that differ by more than `tolerance`;
    of others with several values the mean is taken. Stereo is dropped.

    Args:
        path: of a table.
        column: of the values.
        smiles_column: of the molecules.
        concentration: unit of values that are concentrations, one of `CONCENTRATIONS`, with u or a Greek letter for
            micro; they become - log10 of mol/l.
        tolerance: largest difference between values of one molecule.

    Raises:
        UsageError: no such column or unit, numbers with a decimal comma, fewer than `FEWEST` molecules, units that are
            mixed, values that are written with another unit than `concentration`, or one in a column such as
            ``standard_units`` or ``IC50 unit``.
        MolgenError: all molecules have one and the same value.

    Example:
        >>> import tempfile
        >>> path = Path(tempfile.mkdtemp()) / "activity.csv"
        >>> _ = path.write_text("\\n".join(["smiles,IC50,units", *(f"{'C' * n}O,{n},uM" for n in range(1, 31))]))
        >>> read_activity(path, "IC50", concentration="uM").values[0]
        6.0
    """
    concentration = None if concentration is None else _unit(concentration)
    if concentration is not None and concentration not in CONCENTRATIONS:
        raise UsageError(f"there is no unit {concentration!r}; there are {', '.join(CONCENTRATIONS)}")
    rows = list(read_rows(path, smiles_column, values=True))
    _check_columns(Path(path).name, [row.values for row in rows], column, concentration)
    left_out: Counter[str] = Counter()
    found: dict[str, list[float]] = defaultdict(list)
    units: Counter[str] = Counter()
    for row in rows:
        text = row.values.get(column, "")
        if _COMMA.match(text):
            raise UsageError(
                f"the column {column} has numbers with a decimal comma, such as {text!r}: write a decimal point, "
                "and no comma between thousands either"
            )
        match = _NUMBER.fullmatch(text)
        if match is None:
            left_out["no value" if not text else "no number"] += 1
            continue
        units[_unit(match[3])] += 1
        value = float(match[2])
        if match[1] not in ("", "="):
            left_out["beyond a limit"] += 1
        elif concentration is not None and value <= 0:
            left_out["not positive"] += 1
        else:
            try:
                found[_canonical(row.smiles)].append(
                    value if concentration is None else _negative_log(value, concentration)
                )
            except MoleculeError:
                left_out["no molecule"] += 1
    _check_units(units, column, concentration)
    return _agreed(found, left_out, tolerance, Path(path).name)


def _agreed(found: Mapping[str, list[float]], left_out: Counter[str], tolerance: float, name: str) -> Activity:
    """One value per molecule, the mean of those that agree."""
    most = tolerance + _ROUNDING
    agreed = {text: values for text, values in found.items() if max(values) - min(values) <= most}
    if len(found) > len(agreed):
        left_out["values that disagree"] = len(found) - len(agreed)
    if len(agreed) < FEWEST:
        reasons = ", ".join(f"{reason} {count}" for reason, count in left_out.items()) or "nothing was left out"
        raise UsageError(f"{name} has {len(agreed)} molecules with a value, at least {FEWEST} are needed ({reasons})")
    values = [sum(several) / len(several) for several in agreed.values()]
    if len(set(values)) == 1:
        raise MolgenError(f"all molecules of {name} have the value {values[0]:g}: there is nothing to learn")
    notes = []
    raw = min(values) > 0 and max(values) / min(values) > _WIDE
    if raw:
        notes.append(
            f"values go from {min(values):g} to {max(values):g}, like concentrations: say their unit, so that a model "
            "is fitted to their negative logarithm (--concentration nM)"
        )
    return Activity(list(agreed), values, dict(left_out), notes, raw)


def _check_columns(name: str, rows: Iterable[Mapping[str, str]], column: str, concentration: str | None) -> None:
    """Refuse a table without the column, or with a column of units that are mixed or not those of concentrations."""
    units: dict[str, Counter[str]] = defaultdict(Counter)
    columns: set[str] = set()
    for values in rows:
        columns.update(values)
        for other, text in values.items():
            if re.search(r"\bunits?\b", other.replace("_", " "), re.IGNORECASE) and text and values.get(column):
                units[other][_unit(text)] += 1
    if column not in columns:
        raise UsageError(f"{name} has no column {column!r}; it has {', '.join(sorted(columns)) or 'none'}")
    own = [other for other in units if _quantity(other) in ("", _quantity(column))]
    for other in own or units:
        unit = _only(units[other], other)
        if concentration is not None and unit != concentration:
            raise UsageError(
                f"the column {other} holds {unit}, not {concentration}: {_remedy(unit, concentration)}, or remove that "
                "column"
            )


def _quantity(column: str) -> str:
    """What a column of values or units is of: of ``standard_value`` and ``standard_units`` the same."""
    return re.sub(r"\b(values?|units?)$", "", column.replace("_", " ").lower()).strip()


def _unit(text: str) -> str:
    """A unit as in `CONCENTRATIONS`, where it is one of them."""
    return re.sub(r"mol/[lL]$", "M", text.strip().translate(_MICRO))


def _only(units: Counter[str], column: str) -> str:
    if len(units) > 1:
        shown = ", ".join(f"{unit or 'none'} {count:,}" for unit, count in units.most_common(3))
        raise UsageError(f"the units in the column {column} are mixed ({shown}): keep the rows of one unit")
    return next(iter(units), "")


def _remedy(unit: str, concentration: str | None) -> str:
    if unit in CONCENTRATIONS:
        return f"say --concentration {unit}"
    return "remove the unit" if concentration is None else f"convert the values to {concentration}"


def _check_units(units: Counter[str], column: str, concentration: str | None) -> None:
    """Refuse units behind the values that are mixed, or not those that were named."""
    unit = _only(units, column)
    if unit and unit != concentration:
        raise UsageError(f"the column {column} has values in {unit}: {_remedy(unit, concentration)}")


def _negative_log(value: float, unit: str) -> float:
    return CONCENTRATIONS[unit] - math.log10(value)


def _canonical(smiles: str) -> str:
    return str(Chem.MolToSmiles(parse(smiles), isomericSmiles=False))
