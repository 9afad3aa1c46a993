"""What docs/original-tests.md, docs/original.md and docs/peers.md say of our tests is true."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest

from support.drive import ROOT

CASES = ROOT / "docs" / "original-tests.md"
PAGES = [CASES, ROOT / "docs" / "original.md", ROOT / "docs" / "peers.md"]
COUNT = 136
KINDS = ("*.py", "*.swift", "*.txt")
OUT_OF_SCOPE = re.compile(r"out of scope: \w")
# `Tests/folder/file.py::test`; for Swift the name that the test is displayed with, and for a
# transcript the title of the scenario: `Tests/folder/file.txt: title`.
REFERENCE = re.compile(r"`([^`\s]+\.(?:py|swift|txt)):[: ]([^`]+)`")
# In either language, and in a title; a test may hold several cases.
NUMBER = re.compile(r"\b(?:test_case|cases?)((?:(?:_| | and )\d{3}(?!\d))+)")


@dataclass(frozen=True)
class Row:
    """A row of a table; the last cell is about our test."""

    place: str
    cells: list[str]

    @property
    def ours(self) -> str:
        return self.cells[-1]

    @property
    def number(self) -> int | None:
        return int(self.cells[0]) if self.cells[0].isdecimal() else None

    @property
    def references(self) -> list[tuple[str, str]]:
        return REFERENCE.findall(self.ours)

    @property
    def is_heading(self) -> bool:
        return self.ours in ("our test", "our test, or the reason", "---") or self.cells[
            0
        ].startswith("**")


@cache
def rows(page: Path) -> list[Row]:
    found = []
    for number, line in enumerate(page.read_text().splitlines(), 1):
        if line.startswith("|"):
            inner = line.strip().removeprefix("|").removesuffix("|")
            cells = [cell.strip() for cell in re.split(r"(?<!\\)\|", inner)]
            found.append(Row(f"{page.name}:{number}", cells))
    return [row for row in found if not row.is_heading]


def case_rows() -> dict[int, Row]:
    return {row.number: row for row in rows(CASES) if row.number is not None}


@cache
def names_in(path: Path) -> set[str]:
    """The names of the tests of a file."""
    if not path.is_file():
        return set()
    text = path.read_text()
    if path.suffix == ".py":
        functions = [n for n in ast.walk(ast.parse(text)) if isinstance(n, ast.FunctionDef)]
        return {function.name for function in functions if function.name.startswith("test_")}
    if path.suffix == ".txt":
        return {line[4:] for line in text.splitlines() if line.startswith("=== ")}
    displayed = re.findall(r'@Test\(\s*"((?:[^"\\]|\\.)*)"', text)
    functions = re.findall(r"@Test\b.*?\bfunc\s+`?(\w[^`({<]*)", text, re.DOTALL)
    return {*displayed, *functions}


def numbers_of(name: str) -> list[int]:
    found = NUMBER.search(name)
    return [int(number) for number in re.findall(r"\d{3}", found[1])] if found else []


def cases_in_the_tree() -> Iterator[tuple[int, tuple[str, str]]]:
    """Every test that bears the number of a case."""
    for folder in (ROOT / "Tests", ROOT / "bindings" / "python" / "tests"):
        for path in sorted(each for kind in KINDS for each in folder.rglob(kind)):
            for name in sorted(names_in(path)):
                for number in numbers_of(name):
                    yield number, (str(path.relative_to(ROOT)), name)


def shown(problems: list[str]) -> str:
    return "\n" + "\n".join(problems)


def test_every_case_has_one_row() -> None:
    numbers = [row.number for row in rows(CASES) if row.number is not None]
    expected = range(1, COUNT + 1)
    assert [number for number in expected if number not in numbers] == [], "without a row"
    assert len(numbers) == COUNT, f"doubled or unknown: {sorted(numbers)}"


def test_every_row_has_its_test() -> None:
    """One that bears its number, unless the case is none of ours."""
    problems = []
    for number, row in case_rows().items():
        if bool(row.references) == bool(OUT_OF_SCOPE.match(row.ours)):
            problems.append(f"{row.place}: case {number} has neither a test nor a reason, or both")
        elif row.references and not any(number in numbers_of(name) for _, name in row.references):
            problems.append(f"{row.place}: no test of case {number} bears its number")
    assert not problems, shown(problems)


def test_every_case_in_the_tree_is_in_its_row() -> None:
    table = case_rows()
    problems = [
        f"{path}::{name} is not in the row of case {number}"
        for number, (path, name) in cases_in_the_tree()
        if number not in table or (path, name) not in table[number].references
    ]
    assert not problems, shown(problems)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_no_row_is_empty(page: Path) -> None:
    problems = [
        f"{row.place}: {row.cells[0][:60]}"
        for row in rows(page)
        if not row.ours and "out of scope" not in row.cells[-2]
    ]
    assert not problems, shown(problems)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_test_that_is_named_exists(page: Path) -> None:
    """Wherever on the page."""
    problems = []
    for number, line in enumerate(page.read_text().splitlines(), 1):
        for path, name in REFERENCE.findall(line):
            # A parametrised test may be named with its parameters.
            plain = name.partition("[")[0] if path.endswith(".py") else name
            if plain not in names_in(ROOT / path):
                problems.append(f"{page.name}:{number}: {path}::{name}")
    assert not problems, shown(problems)


def test_every_yes_among_the_peers_has_its_test() -> None:
    """And every no a reason instead."""
    problems = []
    for row in rows(ROOT / "docs" / "peers.md"):
        says_no = row.cells[-2] in ("no", "partly")
        if says_no == bool(row.references):
            problems.append(f"{row.place}: {row.cells[0]}")
    assert not problems, shown(problems)
    text = (ROOT / "docs" / "peers.md").read_text()
    features = [row for row in rows(ROOT / "docs" / "peers.md") if len(row.cells) == 4]
    yes = [row for row in features if row.cells[2] not in ("no", "partly")]
    assert f"{len(yes)} of {len(features)} rows are yes" in text
