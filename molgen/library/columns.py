"""Columns of a library: what is written beside each molecule."""

from __future__ import annotations

from collections.abc import Sequence

import pyarrow as pa
from rdkit import Chem

from molgen.features.alerts import CATALOGUES, catalogue_alerts
from molgen.features.fragments import murcko_scaffold
from molgen.features.named_properties import PROPERTIES
from molgen.features.record import MoleculeRecord

ALERTS = {f"alerts_{name}": name for name in CATALOGUES}
"""Columns of alerts, with the catalogue of each."""

NEAREST, CONDITIONS = "nearest", "conditions"
_DECIMALS = 4

DESCRIPTIONS: dict[str, str] = {
    "smiles": "canonical SMILES",
    "inchikey": "standard InChIKey",
    "attempt": "number of the attempt, with the seed its identity",
    **{name: one.description for name, one in PROPERTIES.items()},
    **{column: f"structural alerts of the catalogue {name} that match" for column, name in ALERTS.items()},
    "scaffold": "Murcko scaffold, empty where there are no rings",
    NEAREST: "highest Tanimoto similarity (Morgan 2, 1,024 bits) to a molecule of the training set",
    CONDITIONS: "what the model was asked for",
}
"""What each column holds."""

Row = dict[str, object]


def schema(nearest: bool = False, conditions: bool = False) -> pa.Schema:
    """The columns of a library with their types.

    Args:
        nearest: with the similarity to a training set.
        conditions: with what was asked for.

    Example:
        >>> schema().names[:4], schema(nearest=True).names[-1]
        (['smiles', 'inchikey', 'attempt', 'logP'], 'nearest')
    """
    fields = [("smiles", pa.string()), ("inchikey", pa.string()), ("attempt", pa.int64())]
    fields += [(name, pa.int16() if one.whole else pa.float64()) for name, one in PROPERTIES.items()]
    fields += [(name, pa.int16()) for name in ALERTS]
    fields += [("scaffold", pa.string())]
    fields += [(NEAREST, pa.float64())] if nearest else []
    fields += [(CONDITIONS, pa.string())] if conditions else []
    return pa.schema(fields)


def annotated(attempt: int, smiles: str) -> Row:
    """Values of all columns that depend on the molecule alone.

    Args:
        attempt: its number.
        smiles: canonical and strictly valid.

    Example:
        >>> row = annotated(7, "CC(=O)Cl")
        >>> row["attempt"], row["inchikey"], row["heavy_atoms"], row["alerts_BRENK"]
        (7, 'WETWJCDKMRHUPV-UHFFFAOYSA-N', 4, 1)
    """
    record = MoleculeRecord.of(Chem.MolFromSmiles(smiles))
    alerts = [alert.partition(":")[0] for alert in catalogue_alerts(record)]
    return {
        "smiles": smiles,
        "inchikey": Chem.MolToInchiKey(record.mol),  # type: ignore[no-untyped-call]
        "attempt": attempt,
        **{name: _rounded(one.compute(record.mol)) for name, one in PROPERTIES.items()},
        **{column: alerts.count(name) for column, name in ALERTS.items()},
        "scaffold": ";".join(murcko_scaffold(record)),
    }


def table_of(rows: Sequence[Row], columns: pa.Schema) -> pa.Table:
    """Rows as a table; what a row does not have is missing."""
    return pa.Table.from_pylist(list(rows), schema=columns)


def _rounded(value: float) -> float:
    return value if isinstance(value, int) else round(float(value), _DECIMALS)
