"""A report of a library and of a file with hostile contents, and a browser."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from molgen.library import Library
from molgen.report.html import write_report

HOSTILE = '<img src=x onerror="document.title=1"><script>alert(1)</script>&.smi'
"""A name of a file that would be a script if it were not escaped."""


@pytest.fixture(scope="session")
def report(tmp_path_factory: pytest.TempPathFactory, smiles: list[str]) -> Path:
    folder = tmp_path_factory.mktemp("report")
    Library(folder / "lib").build(60, model="qm9-graph", fragment="*C1CC1", steps=8, jobs=1, progress=False)
    (folder / HOSTILE.replace("/", "_")).write_text("\n".join([*smiles[:40], "C1CC", "</script><b>", "c1ccccc1O"]))
    (folder / "known.smi").write_text("\n".join(smiles[20:120]))
    out = folder / "report.html"
    paths = [folder / "lib", folder / HOSTILE.replace("/", "_")]
    write_report(paths, out, reference=folder / "known.smi", jobs=1, progress=False)
    return out


@pytest.fixture(scope="session")
def browser() -> Iterator[Any]:
    """Headless Chromium of the system, driven by Playwright."""
    program = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    if program is None:
        pytest.skip("there is no Chromium: apt-get install chromium")
    playwright = pytest.importorskip("playwright.sync_api", reason="Playwright is not installed")
    with playwright.sync_playwright() as driver:
        made = driver.chromium.launch(executable_path=program, args=["--no-sandbox"])
        yield made
        made.close()
