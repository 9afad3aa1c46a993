"""The table, options.json, as rows whose mistakes were found."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import rules
from row import Row, TableError

TABLE = Path(__file__).resolve().parent.parent / "options.json"


@dataclass(frozen=True)
class Section:
    """Options that share a Swift file and a table of the documentation."""

    file: str
    title: str
    rows: tuple[Row, ...]


@dataclass(frozen=True)
class Table:
    sections: tuple[Section, ...]
    envelope: tuple[Row, ...]

    @property
    def options(self) -> list[Row]:
        return [row for section in self.sections for row in section.rows]

    @property
    def fields(self) -> list[Row]:
        """The fields of an envelope that are set and read as options are."""
        return [row for row in self.envelope if row.type != "python" and not row.by_hand]

    @property
    def symbols(self) -> list[str]:
        """The functions of the library that are here because of a row."""
        names = []
        for noun, rows in (("options", self.options), ("envelope", self.fields)):
            for row in rows:
                names.append(f"smtpconn_{noun}_set_{row.name}")
                if row.has_getter:
                    names.append(f"smtpconn_{noun}_{row.name}")
        return sorted(names)


def read(path: Path = TABLE) -> Table:
    try:
        raw = json.loads(path.read_text(encoding="utf-8"))
    except json.JSONDecodeError as error:
        raise TableError(f"the table is no JSON: {error}") from None
    try:
        sections = tuple(
            Section(part["file"], part["title"], tuple(map(rules.option, part["rows"])))
            for part in raw["options"]
        )
        table = Table(sections, tuple(map(rules.field, raw["envelope"])))
    except KeyError as key:
        raise TableError(f'a section, or the table, needs the key "{key.args[0]}"') from None
    rules.sections([section.file for section in sections])
    rules.together(table.options, rules.OWN_KEYWORDS)
    rules.together(list(table.envelope), rules.OWN_FIELDS)
    return table
