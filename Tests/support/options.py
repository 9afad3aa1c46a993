"""The table of options."""

from __future__ import annotations

import json
from typing import Any

from support.drive import ROOT

TABLE = ROOT / "Sources" / "Options" / "options.json"


def rows() -> list[dict[str, Any]]:
    sections = json.loads(TABLE.read_text())["options"]
    return [row for section in sections for row in section["rows"]]


def good_value(name: str) -> str | int:
    """A value that the option takes whatever the others are."""
    (row,) = (row for row in rows() if row["name"] == name)
    if row["type"] == "descriptor":
        return -1
    value: str | int = row.get("good", 1)
    return value
