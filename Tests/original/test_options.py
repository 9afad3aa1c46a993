"""docs/original.md says which options the original has, as the table of options does."""

from __future__ import annotations

import re

import pytest

from support.drive import ROOT
from support.options import rows

PAGE = (ROOT / "docs" / "original.md").read_text()


def section(title: str) -> tuple[str, str]:
    """The rows of a section's table, and the paragraph about what the original lacks."""
    text = PAGE.partition(f"\n### {title}\n")[2].partition("\n### ")[0]
    table = "\n".join(line for line in text.splitlines() if line.startswith("|"))
    lacking = text.partition("\nNot in the original: ")[2].partition("\n\n")[0]
    assert table, f"no table under {title}"
    assert lacking, f"no list under {title}"
    return table, lacking


def words(text: str) -> set[str]:
    return set(re.findall(r"[A-Za-z_][A-Za-z_0-9]*", " ".join(re.findall(r"`([^`]+)`", text))))


@pytest.mark.parametrize("row", rows(), ids=lambda row: str(row["name"]))
def test_option(row: dict[str, str | None]) -> None:
    table, lacking = map(words, section("Options"))
    if row["original"] is None:
        assert row["name"] in lacking, "not among what the original lacks"
    else:
        assert row["original"].split(".")[-1] in table, "the original's name is in no row"
        assert row["name"] not in lacking, "the original has it"
