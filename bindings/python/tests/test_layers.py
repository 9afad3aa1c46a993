"""The modules of the package have layers: none imports one that imports it, not even for types."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

import smtpconn

FOLDER = Path(smtpconn.__file__).parent


MODULES = {path.stem: path.read_text(encoding="utf-8") for path in FOLDER.glob("*.py")}


def imported(source: str) -> Iterator[str]:
    """The modules of the package that a module imports anywhere in it, however it names them."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            for alias in node.names:
                package, _, module = alias.name.partition(".")
                if package == "smtpconn":
                    yield module or "__init__"
        elif isinstance(node, ast.ImportFrom):
            package, _, module = (node.module or "").partition(".")
            if node.level == 1:
                module = node.module or ""
            elif node.level != 0 or package != "smtpconn":
                continue
            if module:
                yield module
            else:
                # A module, or a name that the package has.
                names = [alias.name for alias in node.names]
                yield from (name if name in MODULES else "__init__" for name in names)


def layers(modules: Mapping[str, str]) -> list[str]:
    """The lowest first.  A circle is a CycleError, which names it."""
    graph = {name: set(imported(source)) for name, source in modules.items()}
    return list(TopologicalSorter(graph).static_order())


def test_no_circle() -> None:
    assert len(MODULES) > 20
    order = layers(MODULES)
    assert order.index("_table") < order.index("_options") < order.index("_connection")
    # Modules that a program imports by themselves may need the package; it needs none of them.
    private = {name for name in MODULES if name.startswith("_") and name != "__init__"}
    assert all("__init__" not in imported(MODULES[name]) for name in private)
    assert private & set(order[: order.index("__init__")])
    assert not set(imported(MODULES["__init__"])) - private


@pytest.mark.parametrize(
    "line",
    [
        "from . import _connection",
        "from ._connection import Connection",
        "from smtpconn import _connection",
        "from smtpconn._connection import Connection",
        "import smtpconn._connection",
        "import smtpconn._connection as other",
        "from . import Connection",
        "from smtpconn import Connection",
        "import smtpconn",
        "def later():\n    import smtpconn._connection",
        "if TYPE_CHECKING:\n    from smtpconn._connection import Connection",
    ],
)
def test_a_circle_is_found(line: str) -> None:
    """_connection imports _options, by way of others, and the package imports both."""
    with pytest.raises(CycleError):
        layers({**MODULES, "_options": f"{MODULES['_options']}\n{line}\n"})


@pytest.mark.parametrize("line", ["import smtpconnect", "from smtpconnect import _connection"])
def test_other_packages_are_no_layers(line: str) -> None:
    assert list(imported(line)) == []
