"""Which module imports which: rooms know only what stands below them, and nothing goes round in a circle."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import networkx

PACKAGE = Path(__file__).parents[2] / "molgen"

ROOMS = (
    "__main__",
    "cli",
    "__init__",
    "report",
    "library",
    "optimisation",
    "comparison",
    "training",
    "dialogue",
    "graph",
    "text",
    "models",
    "constraints",
    "evaluation",
    "scoring",
    "datasets",
    "features",
    "io",
    "chem",
    "nn",
    "diffusion",
    "system",
    "errors",
)
"""From the top down."""


def modules() -> dict[str, Path]:
    found = {}
    for file in sorted(PACKAGE.rglob("*.py")):
        parts = file.relative_to(PACKAGE.parent).with_suffix("").parts
        found[".".join(parts[:-1] if parts[-1] == "__init__" and len(parts) > 2 else parts)] = file
    return found


def imported(file: Path, known: set[str]) -> Iterator[str]:
    """Modules of the package that a file imports anywhere: in functions and for type checking too."""
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names if alias.name in known)
        elif isinstance(node, ast.ImportFrom) and node.module and node.module.split(".")[0] == "molgen":
            assert node.level == 0
            for alias in node.names:
                inner = f"{node.module}.{alias.name}"
                yield inner if inner in known else node.module


def graph() -> networkx.DiGraph:
    found = modules()
    result = networkx.DiGraph()
    for name, file in found.items():
        for target in imported(file, set(found)):
            result.add_edge(name, "molgen.__init__" if target == "molgen" else target)
    return result


def room(module: str) -> str:
    return module.split(".")[1]


def test_every_room_has_its_place() -> None:
    assert {room(name) for name in modules()} == set(ROOMS)


def test_rooms_import_only_rooms_below_them() -> None:
    floor = {name: number for number, name in enumerate(ROOMS)}
    wrong = [
        f"{a} imports {b}"
        for a, b in graph().edges
        if floor[room(a)] > floor[room(b)] and b != "molgen.__init__"  # where the version stands
    ]
    assert not wrong, "\n".join(sorted(wrong))


def test_no_circles() -> None:
    circles = [sorted(part) for part in networkx.strongly_connected_components(graph()) if len(part) > 1]
    assert not circles


def test_the_engine_imports_torch_and_numpy_alone() -> None:
    for name, file in modules().items():
        if room(name) == "diffusion":
            found = {
                part.split(".")[0]
                for node in ast.walk(ast.parse(file.read_text()))
                if isinstance(node, ast.Import | ast.ImportFrom)
                for part in ([node.module or ""] if isinstance(node, ast.ImportFrom) else [a.name for a in node.names])
            }
            standard = {"__future__", "abc", "collections", "dataclasses", "functools", "itertools", "math", "typing"}
            assert found <= {"torch", "numpy", "molgen"} | standard, name
