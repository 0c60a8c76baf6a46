"""References from files of molecules."""

from __future__ import annotations

from pathlib import Path

import pytest

from molgen.errors import MolgenError
from molgen.evaluation import find_reference


def test_a_file_of_which_nothing_can_be_used_is_refused_with_the_reasons(tmp_path: Path) -> None:
    path = tmp_path / "bad.smi"
    path.write_text("C1CC\nCC(C\nC.C\n")
    with pytest.raises(MolgenError, match=r"bad\.smi can be used: 3 read, skipped: unparsable 2, fragments 1$"):
        find_reference(str(path)).prepare("train", (), None)
