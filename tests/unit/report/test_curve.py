from __future__ import annotations

from pathlib import Path

import pytest

from molgen.errors import UsageError
from molgen.report.curve import draw_curve


def test_every_line_has_its_name(tmp_path: Path) -> None:
    file = tmp_path / "curve.svg"
    draw_curve(file, [10, 20, 30], {"best": [0.1, 0.5, 0.6], "diversity": [0.9, 0.8, 0.7]})
    drawn = file.read_text()
    assert "<!-- best -->" in drawn and "<!-- diversity -->" in drawn and "<!-- molecules scored -->" in drawn


def test_files_are_not_overwritten_and_have_a_known_suffix(tmp_path: Path) -> None:
    file = tmp_path / "curve.png"
    file.write_bytes(b"mine")
    with pytest.raises(UsageError, match="exists"):
        draw_curve(file, [1], {"best": [1.0]})
    draw_curve(file, [1], {"best": [1.0]}, overwrite=True)
    assert file.read_bytes().startswith(b"\x89PNG")
    with pytest.raises(UsageError, match="known formats"):
        draw_curve(tmp_path / "curve.pdf", [1], {"best": [1.0]})
