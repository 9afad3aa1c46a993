"""Every kind of failure: its number in the header, its name in the library, its row in the
documentation, and the place in the sources that gives it to a failure."""

from __future__ import annotations

import ctypes
import re
from functools import cache

import pytest

from support.drive import BUILD, ROOT
from support.header import header_version

SOURCES = ROOT / "Sources"
NAMES = SOURCES / "SMTPProtocol" / "FailureKind.swift"


@cache
def kinds() -> dict[str, int]:
    text = (ROOT / "include" / "smtpconn.h").read_text(encoding="utf-8")
    found = re.search(r"enum smtpconn_kind \{(.*?)\};", text, re.DOTALL)
    assert found
    return {
        name: int(number) for name, number in re.findall(r"SMTPCONN_KIND_(\w+) = (\d+)", found[1])
    }


@cache
def constants() -> dict[int, str]:
    """The names that the sources have for the numbers."""
    return {
        int(number): name
        for name, number in re.findall(
            r"static var (\w+): FailureKind \{ FailureKind\((\d+)\) \}", NAMES.read_text()
        )
    }


def name_of(number: int) -> str:
    library = ctypes.CDLL(str(BUILD / f"libsmtpconn.so.{header_version()}"))
    library.smtpconn_kind_name.restype = ctypes.c_char_p
    result: bytes = library.smtpconn_kind_name(number)
    return result.decode()


def test_names_are_those_of_the_header() -> None:
    numbers = {number: name for name, number in kinds().items()}
    for number in range(1000):
        assert name_of(number) == numbers.get(number, "UNKNOWN"), number
    for number in (-1, -101, 1000, 2**31 - 1, -(2**31)):
        assert name_of(number) == "UNKNOWN", number


def test_constants_are_those_of_the_header() -> None:
    assert sorted(constants()) == sorted(kinds().values())
    for name, number in kinds().items():
        assert constants()[number].upper() == name.replace("_", ""), name


def test_every_kind_is_documented() -> None:
    rows = re.findall(r"^\| (`[^|]+) \|", (ROOT / "docs" / "errors.md").read_text(), re.MULTILINE)
    named = [name for row in rows for name in re.findall(r"`([A-Z]\w+)`", row)]
    documented = [name for name in named if name in kinds()]
    assert sorted(documented) == sorted(set(kinds()) - {"NONE"})


@pytest.mark.parametrize("number", sorted(set(constants()) - {0}))
def test_every_kind_is_given_to_some_failure(number: int) -> None:
    word = re.compile(rf"\.{constants()[number]}\b")
    assert any(
        word.search(path.read_text()) for path in SOURCES.rglob("*.swift") if path != NAMES
    ), f"{constants()[number]} is never used"
