"""Pictures are files a viewer opens."""

from __future__ import annotations

import itertools
from pathlib import Path
from xml.etree import ElementTree

import pandas
import pytest
from PIL import Image, ImageChops, ImageSequence
from rdkit import Chem

from molgen.errors import MolgenError, UsageError
from molgen.report import draw_grid, draw_trace
from molgen.report.lettering import shortened
from molgen.report.page import HEIGHT, WIDTH


def test_grid_has_a_cell_for_each_molecule(tmp_path: Path) -> None:
    grid = draw_grid(["CCO", "bad", "c1ccccc1", "", None, Chem.MolFromSmiles("CC")], tmp_path / "grid.png", columns=2)
    assert (grid.drawn, grid.not_drawn) == (3, 3)
    assert repr(grid) == "Grid(3 molecules, 3 not drawn, .png)"
    with Image.open(tmp_path / "grid.png") as picture:
        assert picture.size == (2 * WIDTH, 3 * HEIGHT)
        picture = picture.convert("RGB")
        inked = [bool(ink(cell(picture, i % 2, i // 2, HEIGHT))) for i in range(6)]
    assert all(inked)
    assert draw_grid(["CCO"], str(tmp_path / "grid.svg")).drawn == 1
    assert "<svg" in (tmp_path / "grid.svg").read_text()


def cell(picture: Image.Image, column: int, row: int, height: int) -> Image.Image:
    return picture.crop((column * WIDTH, row * height, (column + 1) * WIDTH, row * height + HEIGHT))


def ink(picture: Image.Image) -> tuple[int, int]:
    """Width and height of what is not white."""
    box = ImageChops.invert(picture).getbbox()
    assert box is not None
    return box[2] - box[0], box[3] - box[1]


def test_each_molecule_fills_its_own_cell_and_small_ones_do_not_grow(tmp_path: Path) -> None:
    long, drug, small = "C" * 60, "O=C(NC1CCN(Cc2ccc3c(c2)OCO3)CC1)c1ccc(-c2ccncc2)cc1", "CC"
    sizes = []
    for molecules in ([long, drug, small], [drug, long, small], [drug, drug, small]):
        draw_grid(molecules, tmp_path / "grid.png", columns=3, overwrite=True)
        with Image.open(tmp_path / "grid.png") as picture:
            sizes.append([ink(cell(picture.convert("RGB"), i, 0, HEIGHT)) for i in range(3)])
    assert sizes[0][1] == sizes[1][0] == sizes[2][0], "whatever stands beside it"
    assert all(size[0] > 0.8 * WIDTH for size in (sizes[0][0], sizes[0][1]))
    assert max(sizes[0][2]) < 50


def test_legends_are_values_or_properties_and_order_is_theirs() -> None:
    values = {"id": ["a<b>&", "b", "c"], "activity": [3.14159, None, 12]}
    grid = draw_grid(["CCO", "bad(", "CCCCC"], values=values, legend=["id", "activity", "logP"], sort="activity")
    texts = texts_of(grid.data)
    assert texts[:3] == ["a<b>&", "activity 3.14", "logP -0.0014"]
    assert texts[3:6] == ["c", "activity 12", "logP 2.20"]
    assert texts[6].startswith("row 2: RDKit cannot read") and texts[7:] == ["b", "activity -", "logP -"]
    largest = draw_grid(["CCO", "bad(", "CCCCC"], legend="logP", sort="logP", descending=True, n=2)
    assert texts_of(largest.data) == ["logP 2.20", "logP -0.0014"]
    table = pandas.DataFrame({"smiles": ["C", "CC"], "id": ["x", "y"]})
    assert texts_of(draw_grid(table["smiles"], values=table, legend="id", sort="id", descending=True).data) == [
        "y",
        "x",
    ]


def texts_of(data: bytes) -> list[str]:
    found = ElementTree.fromstring(data).iter("{http://www.w3.org/2000/svg}text")
    return [element.text or "" for element in found]


def test_a_file_is_drawn_with_its_columns(tmp_path: Path) -> None:
    path = tmp_path / "molecules.csv"
    path.write_text("name,smiles,score\nx,CCO,2\ny,CC,10\nz,C1CC,\n")
    grid = draw_grid(path, legend=["name", "score"], sort="score", descending=True)
    assert texts_of(grid.data)[:4] == ["name y", "score 10", "name x", "score 2"]
    assert (grid.drawn, grid.not_drawn) == (2, 1)
    with pytest.raises(UsageError, match=r"'nope' is neither a column nor a property; the columns are name, smiles"):
        draw_grid(path, legend="nope")


@pytest.mark.parametrize("odd", ["<script>&'\"", "\x00\x01\x1b[31m", "\u202eabc", "a\nb", "\ud800", "]]>", "中" * 900])
@pytest.mark.parametrize("suffix", [".png", ".svg"])
def test_odd_texts_are_shown_as_they_are(tmp_path: Path, odd: str, suffix: str) -> None:
    out = tmp_path / f"grid{suffix}"
    grid = draw_grid(["CC", odd], out, values={"id": [odd, odd]}, legend="id")
    assert (grid.drawn, grid.not_drawn) == (1, 1)
    if suffix == ".svg":
        assert texts_of(out.read_bytes())[0][:5] in (shortened(odd, 200, 12)[:5], odd[:5])
        assert b"<script>" not in out.read_bytes()


def test_what_is_too_much_for_a_picture_is_refused_or_said(tmp_path: Path) -> None:
    grid = draw_grid(["CCO", "C" * 800, "C" * 5000])
    messages = " ".join(texts_of(grid.data))
    assert "row 2: 800 atoms are too many to draw" in messages and "longer than 1000" in messages
    with pytest.raises(UsageError, match=r"more than 1,000 molecules .* draw the first n"):
        draw_grid(itertools.repeat("CCO"))
    with pytest.raises(UsageError, match="1 to 1,000"):
        draw_grid(["CCO"], n=100_000)
    with pytest.raises(UsageError, match="at most 8 legends"):
        draw_grid(["CCO"], legend=["logP"] * 9)
    with pytest.raises(UsageError, match=r"2 molecules and 1 values of 'id'"):
        draw_grid(["CCO", "C"], values={"id": ["x"]})


def test_what_cannot_be_drawn_is_said(tmp_path: Path) -> None:
    with pytest.raises(MolgenError, match="none of the molecules"):
        draw_grid(["bad"], tmp_path / "grid.png")
    with pytest.raises(UsageError, match=r"\.png and \.svg"):
        draw_grid(["C"], tmp_path / "grid.jpg")
    with pytest.raises(UsageError, match="exists"):
        draw_grid(["C"], tmp_path / "a.png")
        draw_grid(["C"], tmp_path / "a.png")
    with pytest.raises(UsageError, match=r"\.gif"):
        draw_trace(tmp_path / "a.mp4", [Chem.MolFromSmiles("C")])
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.png"]


COLOURS = {"CO": (255, 0, 0), "CN": (0, 0, 255), "CCl": (0, 204, 0)}
"""Of oxygen, nitrogen and chlorine in RDKit's palette."""


def colours_of(image: Image.Image) -> list[str]:
    """Molecules whose hetero atom's colour is in a picture."""
    pixels = set(image.convert("RGB").get_flattened_data())
    return [
        text
        for text, colour in COLOURS.items()
        if any(max(abs(a - b) for a, b in zip(pixel, colour, strict=True)) < 40 for pixel in pixels)
    ]


@pytest.mark.parametrize("order", [["CO", "CN", "CCl"], ["CCl", "CO", "CN"]])
def test_cells_show_their_own_molecules_in_order(tmp_path: Path, order: list[str]) -> None:
    draw_grid(order, tmp_path / "grid.png", columns=2)
    with Image.open(tmp_path / "grid.png") as picture:
        shown = [colours_of(cell(picture, i % 2, i // 2, HEIGHT)) for i in range(3)]
    assert shown == [[text] for text in order]
    drawn = draw_grid(order, columns=2).data.decode().split("<g transform=")[1:]
    for text, part in zip(order, drawn, strict=True):
        wanted = "#{:02X}{:02X}{:02X}".format(*COLOURS[text])
        assert wanted in part and not any("#{:02X}{:02X}{:02X}".format(*COLOURS[o]) in part for o in order if o != text)
        assert part.startswith(f'"translate({order.index(text) % 2 * WIDTH},{order.index(text) // 2 * HEIGHT})')
    first = draw_grid(order, n=1)
    assert colours_in_svg(first.data) == [order[0]] and first.more


def colours_in_svg(data: bytes) -> list[str]:
    return [text for text, colour in COLOURS.items() if "#{:02X}{:02X}{:02X}".format(*colour) in data.decode()]


def test_highlighted_atoms_are_coloured_and_no_others() -> None:
    plain, marked = draw_grid(["CCO"]).data.decode(), draw_grid(["CCO", "CCC"], highlighted="*O").data.decode()
    ellipses = [part.count("<ellipse") for part in marked.split("<g transform=")[1:]]
    assert "<ellipse" not in plain and ellipses == [1, 0]


def test_frames_are_in_the_order_of_states(tmp_path: Path) -> None:
    states = ["C" * n for n in (1, 3, 6, 10)]
    draw_trace(tmp_path / "text.gif", states)
    widths = [ink(image)[0] for image in frames(tmp_path / "text.gif")[0]]
    assert widths == sorted(widths) and len(set(widths)) == 4
    drawings = [Chem.MolFromSmiles(text) for text in ("*.*.*", "C.*.*", "CN.*", "CNO")]
    draw_trace(tmp_path / "drawn.gif", drawings)
    assert [bool(greys(image)) for image in frames(tmp_path / "drawn.gif")[0]] == [True, True, True, False]


def test_trace_is_an_animation_even_of_nonsense(tmp_path: Path) -> None:
    nonsense = Chem.MolFromSmiles("C(C)(C)(C)(C)C", sanitize=False)
    masked = Chem.MolFromSmiles("*.*.*.*.*.*")
    draw_trace(tmp_path / "t.gif", [masked, nonsense, Chem.MolFromSmiles("CCCCCC")])
    with Image.open(tmp_path / "t.gif") as animation:
        assert animation.n_frames == 3 and animation.info["loop"] == 0


def frames(path: Path) -> tuple[list[Image.Image], list[int]]:
    with Image.open(path) as animation:
        shown = [(frame.convert("RGB"), frame.info["duration"]) for frame in ImageSequence.Iterator(animation)]
    return [image for image, _ in shown], [duration for _, duration in shown]


def greys(image: Image.Image) -> int:
    """Pixels of discs that stand for masked atoms."""
    return sum(max(pixel) - min(pixel) < 6 and 195 < pixel[0] < 222 for pixel in image.get_flattened_data())


def test_masked_atoms_are_discs_and_frames_are_as_large_as_the_molecule(tmp_path: Path) -> None:
    path = tmp_path / "t.gif"
    states = ["*.*.*.*.*.*.*.*", "C.*.*.*.*.*.*.*", "CC.*.*.*.*.*.*", "CCCCCCCO"]
    draw_trace(path, [Chem.MolFromSmiles(text) for text in states])
    images, durations = frames(path)
    one = greys(images[0]) / 8
    assert one > 100
    assert [round(greys(image) / one) for image in images] == [8, 7, 6, 0]
    assert len({image.size for image in images}) == 1
    width, height = ink(images[-1])
    assert width > images[-1].width - 70 and height > images[-1].height - 90
    assert durations[-1] >= 2000 > durations[0]
    draw_trace(path, [Chem.MolFromSmiles("C" * 60)], overwrite=True)
    assert frames(path)[0][0].width <= 640


def test_a_text_keeps_its_masks_and_its_width(tmp_path: Path) -> None:
    draw_trace(tmp_path / "t.gif", ["____", "C___", "CC1_", "CCCO"])
    images, durations = frames(tmp_path / "t.gif")
    assert len(images) == 4 and len({image.size for image in images}) == 1
    assert ink(images[0])[1] < ink(images[1])[1] and durations[-1] == 2000


def test_a_grid_is_shown_in_notebooks_without_a_file(tmp_path: Path) -> None:
    grid = draw_grid(text for text in ("CCO", "CC"))
    assert repr(grid) == "Grid(2 molecules, .svg)"
    shown = grid._repr_svg_()
    assert shown is not None and "<svg" in shown and grid._repr_png_() is None
    png = draw_grid(["CCO"], tmp_path / "a.png")._repr_png_()
    assert png is not None and png == (tmp_path / "a.png").read_bytes()
    with pytest.raises(UsageError, match="in a list"):
        draw_grid("CCO")
