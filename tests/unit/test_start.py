"""What takes seconds to import is imported by what needs it alone."""

from __future__ import annotations

import subprocess
import sys

import pytest


@pytest.mark.slow
@pytest.mark.parametrize(
    ("module", "heavy"),
    [
        ("molgen", {"torch", "rdkit", "pandas"}),
        ("molgen.cli.main", {"torch", "rdkit", "pandas"}),
        ("molgen.models.generator", {"lightning", "torch._dynamo", "torch_geometric", "pandas", "sklearn"}),
        ("molgen.optimisation", {"lightning", "torch._dynamo", "torch_geometric", "sklearn", "matplotlib"}),
        ("molgen.library", {"lightning", "torch._dynamo", "torch_geometric", "ray"}),
    ],
)
def test_heavy_packages_wait(module: str, heavy: set[str]) -> None:
    code = f"import sys, {module}; print(*sys.modules)"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert not heavy & set(run.stdout.split())
