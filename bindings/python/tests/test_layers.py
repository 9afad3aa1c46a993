"""The modules of the package have layers: none imports one that imports it, not even for types."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from graphlib import TopologicalSorter
from pathlib import Path

import smtpconn

FOLDER = Path(smtpconn.__file__).parent


def imported(path: Path) -> Iterator[str]:
    """The modules of the package that a module imports anywhere in it."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.level == 1:
            if node.module is not None:
                yield node.module
            else:
                yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.Import):
            yield from ("__init__" for alias in node.names if alias.name == "smtpconn")


def test_no_circle() -> None:
    graph = {path.stem: set(imported(path)) for path in FOLDER.glob("*.py")}
    assert len(graph) > 20
    order = list(TopologicalSorter(graph).static_order())  # Raises, and names the circle.
    assert order.index("_table") < order.index("_options") < order.index("_connection")
    assert order[-1] == "__init__"
