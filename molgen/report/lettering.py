"""Text from files in pictures: shown as it is, never as markup, and shortened to its space."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from PIL.ImageFont import FreeTypeFont

ELLIPSIS = "…"


def printable(text: str) -> str:
    """A text on one line, with control characters and marks of direction as escapes.

    >>> printable("a\\tb")
    'a\\\\tb'
    """
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)


@cache
def font(size: int) -> FreeTypeFont:
    """DejaVu Sans, which comes with matplotlib and has most alphabets."""
    import matplotlib
    from PIL import ImageFont

    return ImageFont.truetype(str(Path(matplotlib.get_data_path()) / "fonts" / "ttf" / "DejaVuSans.ttf"), size)


def shortened(text: str, width: float, size: int) -> str:
    """The text, or as much of its beginning as fits into a width in pixels, with an ellipsis behind it."""
    text = printable(text[:500])
    if font(size).getlength(text) <= width:
        return text
    while text and font(size).getlength(text + ELLIPSIS) > width:
        text = text[:-1]
    return text + ELLIPSIS


def wrapped(text: str, width: float, size: int, most: int) -> list[str]:
    """The text in lines that fit into a width in pixels, at most so many; lines end at blanks where they can."""
    rest, lines = printable(text[:2000]), list[str]()
    while rest and len(lines) < most - 1:
        end = len(rest)
        while end > 1 and font(size).getlength(rest[:end]) > width:
            end -= 1
        if end < len(rest) and rest[end] != " " and " " in rest[:end]:
            end = rest.rindex(" ", 0, end)
        lines.append(rest[:end])
        rest = rest[end:].lstrip()
    return [*lines, shortened(rest, width, size)] if rest else lines
