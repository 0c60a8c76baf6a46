"""A report in a browser: it draws, sorts, filters and shows molecules, without an error and without a network."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

ROWS = "window.molgenReport.table.getData('active')"


pytestmark = pytest.mark.slow  # a browser starts


@pytest.fixture(scope="module")
def page(browser: Any, report: Path) -> Iterator[Any]:
    shown = browser.new_page(viewport={"width": 1300, "height": 1000})
    shown.errors, shown.requests = [], []
    shown.on("console", lambda message: message.type in ("error", "warning") and shown.errors.append(message.text))
    shown.on("pageerror", lambda error: shown.errors.append(str(error)))
    shown.on("request", lambda request: shown.requests.append(request.url))
    shown.goto(report.as_uri())
    shown.wait_for_selector("body[data-ready=yes]", timeout=60_000)
    yield shown
    shown.close()


def until(page: Any, condition: str, seconds: float = 30) -> None:
    """Wait until an expression is true; Playwright's own way needs eval(), which the page forbids."""
    end = time.monotonic() + seconds
    while not page.evaluate(condition):
        assert time.monotonic() < end, condition
        time.sleep(0.05)


def smiles(page: Any) -> list[str]:
    return list(page.evaluate(f"{ROWS}.map(row => row.smiles)"))


def test_all_is_drawn_without_errors(page: Any, report: Path) -> None:
    assert page.locator("#histograms canvas").count() == 13
    assert page.locator("#map canvas").count() == 1
    page.locator("#frames .picture").first.scroll_into_view_if_needed()
    page.wait_for_selector("#frames .picture svg", timeout=10_000)
    assert page.locator("#table .tabulator-row svg").count() > 0
    assert page.errors == [] and page.requests == [report.as_uri()]
    assert "<img" in page.title()  # a name of a file, as text
    assert page.locator("img[src=x]").count() == 0


def test_the_table_sorts(page: Any) -> None:
    heading = page.locator(".tabulator-col[tabulator-field=QED] .tabulator-col-title")
    heading.click()
    values = page.evaluate(f"{ROWS}.map(row => row.QED)")
    assert values == sorted(values)
    heading.click()
    values = page.evaluate(f"{ROWS}.map(row => row.QED)")
    assert values == sorted(values, reverse=True)


def test_the_table_filters_by_ranges(page: Any) -> None:
    everything = len(smiles(page))
    field = page.locator(".tabulator-col[tabulator-field=logP] input")
    field.press_sequentially("0..1")
    until(page, f"{ROWS}.length < {everything}")
    values = page.evaluate(f"{ROWS}.map(row => row.logP)")
    assert values and all(0 <= value <= 1 for value in values)
    page.click("#clear")
    until(page, f"{ROWS}.length == {everything}")


def test_the_table_filters_by_substructure(page: Any) -> None:
    from rdkit import Chem

    page.click("#clear")
    everything = smiles(page)
    for text in ("C1CC1", "[#7]", "C#N"):
        page.fill("#substructure", text)
        until(page, "document.getElementById('found').textContent.includes('molecules')")
        query = Chem.MolFromSmarts(text)
        expected = {one for one in everything if Chem.MolFromSmiles(one).HasSubstructMatch(query)}
        until(page, f"{ROWS}.length == {sum(one in expected for one in everything)}")
        assert set(smiles(page)) == expected
        page.fill("#substructure", "")
        until(page, "document.getElementById('found').textContent == ''")
    page.fill("#substructure", "C1CC((")
    page.wait_for_selector("#found.error")
    page.click("#clear")
    until(page, f"{ROWS}.length == {len(everything)}")


def test_the_table_pages_and_copies(page: Any) -> None:
    page.click("#clear")
    first = page.locator("#table .tabulator-row").first.inner_text()
    page.locator(".tabulator-page[data-page=next]").click()
    assert page.locator("#table .tabulator-row").first.inner_text() != first
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    row = page.locator("#table .tabulator-row").first
    row.locator("button").click()
    row.get_by_text("copied").wait_for()
    text = row.locator("[tabulator-field=smiles]").inner_text()
    assert page.evaluate("navigator.clipboard.readText()") == text


def test_a_point_of_the_map_shows_its_molecule(page: Any) -> None:
    page.locator("#map").scroll_into_view_if_needed()
    place = page.evaluate(
        "(() => { const map = window.molgenReport.map; const option = map.getOption();"
        " const last = option.series.length - 1; const [x, y] = option.series[last].data[3];"
        " const [left, top] = map.convertToPixel({seriesIndex: last}, [x, y]);"
        " const box = map.getDom().getBoundingClientRect(); return [box.left + left, box.top + top]; })()"
    )
    page.mouse.move(place[0] - 30, place[1] - 30)
    page.mouse.move(*place, steps=5)
    page.wait_for_selector(".tip svg", timeout=10_000)
    assert page.locator(".tip").inner_text().strip()
    assert page.errors == []
