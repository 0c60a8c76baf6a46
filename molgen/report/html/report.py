"""The report: one HTML file with all that it needs."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader
from markupsafe import Markup

from molgen.errors import UsageError
from molgen.library import Library
from molgen.report.grid import draw_grid
from molgen.report.html import content
from molgen.report.html.compared import SAMPLE, Compared, read_compared
from molgen.report.html.given import GivenSet, read_sets
from molgen.report.html.space import Method
from molgen.system.files import check_writable, whole_file
from molgen.system.progress import Stage, stages

MOST = 10_000
"""Molecules of a report, of all sets together, unless it is asked for more."""

_ASSETS = Path(__file__).parent / "assets"
_GALLERY = 12
_FOR_JSON = {"<": "\\u003c", ">": "\\u003e", "&": "\\u0026", "\u2028": "\\u2028", "\u2029": "\\u2029"}


def write_report(
    sets: str | Path | Library | Sequence[str | Path | Library],
    out: str | Path,
    *,
    reference: str | Path | None = None,
    reference_column: str | None = None,
    most: int = MOST,
    map_method: Method = "pca",
    title: str | None = None,
    column: str | None = None,
    jobs: int | None = None,
    progress: bool | Stage = True,
    overwrite: bool = False,
) -> None:
    """Write a report of libraries and files of molecules as one HTML file, which opens without a network.

    It says how they were made and shows metrics with intervals, histograms, a map of chemical space, scaffolds, ring
    systems, alerts, and a table of molecules. Several sets are compared. All that comes from files is escaped.

    Args:
        sets: libraries or their folders, and files of molecules.
        out: ``.html``.
        reference: a named set or a file to compare with.
        reference_column: of SMILES, where the reference is a table.
        most: molecules of the report; of a larger set a random sample, always the same, in equal parts.
        map_method: ``pca``, or ``tsne``, which takes minutes.
        title: of the report; by default the names of the sets.
        column: of SMILES, where sets are tables.
        jobs: processes; by default one per core.
        progress: a bar, nothing, or what is called with what is being done.
        overwrite: an existing file.

    Raises:
        UsageError: no sets, one that is neither library nor file, another suffix, or a file that may not be written.
        MolgenError: a set has no molecule that can be read, or the reference is not there.

    Example:
        >>> import tempfile
        >>> folder = Path(tempfile.mkdtemp())
        >>> _ = (folder / "a.smi").write_text("CCO\\nc1ccccc1\\nCC(=O)Nc1ccccc1\\n")
        >>> write_report(folder / "a.smi", folder / "report.html", jobs=1, progress=False)
        >>> "c1ccccc1" in (folder / "report.html").read_text()
        True
    """
    one_or_more = [sets] if isinstance(sets, str | Path | Library) else list(sets)
    paths = [one.path if isinstance(one, Library) else Path(one) for one in one_or_more]
    out = Path(out)
    if not paths:
        raise UsageError("a report needs a library or a file of molecules")
    if out.suffix.lower() not in (".html", ".htm"):
        raise UsageError(f"cannot write {out.name}: a report is an .html file")
    if most < 1:
        raise UsageError(f"a report has at least 1 molecule, got {most}")
    if map_method not in ("pca", "tsne"):
        raise UsageError(f"a map is made by pca or tsne, not {map_method!r}")
    if reference is None and reference_column is not None:
        raise UsageError("the column of a reference goes with a reference")
    check_writable(out, overwrite)
    with stages(progress, "report") as show:
        show("reading molecules", 0)
        given = read_sets(paths, max(1, most // len(paths)), column, jobs)
        compared = None if reference is None else read_compared(reference, reference_column, jobs, show)
        page = _page(given, compared, title or ", ".join(one.name for one in given), map_method, jobs, show)
    with whole_file(out, overwrite) as temporary:
        temporary.write_text(page, encoding="utf-8")


def _page(
    sets: list[GivenSet], compared: Compared | None, title: str, method: Method, jobs: int | None, show: Stage
) -> str:
    rows, warnings = content.metrics(sets, compared, jobs, show)
    show("the map", 0)
    data = {
        "sets": [one.name for one in sets],
        "columns": content.columns(sets),
        "marked": content.marked(sets),
        "histograms": content.histograms(sets, compared),
        "map": content.mapped(sets, compared, method),
    }
    read = sum(len(one.attempts) for one in sets)
    molecules = sum(len(one.molecules) for one in sets)
    unreadable = f"; {read - molecules:,} cannot be read" if read > molecules else ""
    return (
        _environment()
        .get_template("report.html")
        .render(
            title=title,
            version=version("molgen-diffusion"),
            made=datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC"),
            shown=f"{molecules:,} molecules are in this report{unreadable}.",
            sets=[
                {"name": one.name, "made": one.made, "frames": content.frames(one, compared), "gallery": _gallery(one)}
                for one in sets
            ],
            metrics=rows,
            metrics_note="With 95 % intervals. Every metric is defined in docs/metrics.md of molgen."
            + ("" if compared is None else f" The reference is {compared.reference.name}."),
            warnings=warnings,
            map_note=_map_note(method, compared),
            alerts=content.alerts(sets),
            data=_json(data),
            style={"tabulator": _asset("tabulator.css"), "report": _asset("report.css")},
            script={name: _asset(f"{name}.js") for name in ("openchemlib", "echarts", "tabulator", "report")},
        )
    )


def _environment() -> Environment:
    return Environment(loader=FileSystemLoader(_ASSETS), autoescape=True, trim_blocks=True, lstrip_blocks=True)


def _map_note(method: Method, compared: Compared | None) -> str:
    how = "the two directions of largest variance (PCA)" if method == "pca" else "t-SNE: near points are alike"
    sample = (
        "" if compared is None else f" Of the reference there are {min(SAMPLE, len(compared.molecules)):,} molecules."
    )
    return f"Morgan fingerprints in {how}. Hover over a point to see its molecule; turn the wheel to zoom.{sample}"


def _gallery(given: GivenSet) -> Markup:
    """The first molecules as a picture with the fragment that was asked for; empty where none was."""
    if given.fragment is None:
        return Markup()
    smiles = [one.row["smiles"] for one in given.molecules[:_GALLERY]]
    picture = draw_grid(smiles, columns=6, highlighted=given.fragment).data.decode()
    return Markup(picture[picture.index("<svg") :])  # drawn by RDKit from molecules, not taken from a file


def _asset(name: str) -> Markup:
    return Markup((_ASSETS / name).read_text(encoding="utf-8"))


def _json(data: Any) -> Markup:
    """JSON that cannot end the element that it stands in."""
    text = json.dumps(data, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    for letter, escaped in _FOR_JSON.items():
        text = text.replace(letter, escaped)
    return Markup(text)
