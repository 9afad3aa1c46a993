"""The table, options.json, as rows whose mistakes were found."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, Optional

TABLE = Path(__file__).resolve().parent.parent / "options.json"

#: The types that a row may have, and how Python carries each: the names of _options.CARRIERS.
OPTION_TYPES = {
    "flag": "flag",
    "number": "number",
    "choice": "number",
    "duration": "seconds",
    "text": "text",
    "list": "list",
    "path": "path",
    "pem file": "path",
    "pem text": "text",
    "descriptor": "descriptor",
    "callback": "callback",
}
FIELD_TYPES = {
    "flag": "flag",
    "flag or unset": "flag or unset",
    "octets": "octets",
    "text": "text",
    "list": "list",
    "mailbox": "text",
    "mailboxes": "texts",
    "python": "python",
}
#: Types whose value is a text in C.
TEXTS = ("text", "list", "path", "pem file", "pem text")
NUMBERS = ("number", "choice")


class TableError(Exception):
    """A mistake in the table, for the person who wrote it."""

    def __str__(self) -> str:
        return f"options.json: {super().__str__()}"


@dataclass(frozen=True)
class Row:
    """An option or an envelope field; README.md beside the table says what each key means."""

    name: str
    type: str
    meaning: str
    original: Optional[str]
    default: Any = None
    default_shown: Optional[str] = None
    type_shown: Optional[str] = None
    forgets_tls: Optional[bool] = None
    range: Optional[list[int]] = None
    separator: Optional[str] = None
    secret: bool = False
    unchecked: bool = False
    by_hand: bool = False
    of_recipient: bool = False
    swift: Optional[str] = None
    swift_type: Optional[str] = None
    set: Optional[str] = None
    get: Optional[str] = None
    python: Optional[str] = None
    python_type: Optional[str] = None
    python_kind: Optional[str] = None
    good: Any = None
    bad: Optional[str] = None
    needs: Optional[str] = None

    @property
    def member(self) -> str:
        """The property of the Swift structure."""
        return self.swift or camel(self.name)

    @property
    def keyword(self) -> str:
        """The keyword in Python."""
        return self.python or self.name

    @property
    def has_getter(self) -> bool:
        return self.type != "callback" and not self.secret

    @property
    def default_text(self) -> str:
        """The default as the documentation shows it."""
        if self.default_shown is not None:
            return self.default_shown
        if self.type == "flag":
            return "on" if self.default else "off"
        if self.type == "duration":
            return f"{self.default // 1000} s"
        if self.type in TEXTS and self.default is not None:
            return f"`{self.default}`"
        return "none"


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


def camel(name: str) -> str:
    """require_tls becomes requireTLS."""
    first, *rest = name.split("_")
    return first + "".join("TLS" if word == "tls" else word.capitalize() for word in rest)


def read(path: Path = TABLE) -> Table:
    try:
        raw = json.loads(path.read_text(encoding="utf-8"))
    except json.JSONDecodeError as error:
        raise TableError(f"the table is no JSON: {error}") from None
    sections = tuple(
        Section(part["file"], part["title"], tuple(_option(row) for row in part["rows"]))
        for part in raw["options"]
    )
    table = Table(sections, tuple(_field(row) for row in raw["envelope"]))
    for rows in (table.options, list(table.envelope)):
        names = [row.name for row in rows]
        for name in names:
            if names.count(name) > 1:
                raise TableError(f"{name}: there are two rows of this name")
    return table


def _row(raw: dict[str, Any]) -> Row:
    name = raw.get("name", "a row without a name")
    known = {field.name for field in fields(Row)}
    for key in raw:
        if key not in known:
            raise TableError(f'{name}: there is no key "{key}"')
    for key in ("name", "type", "meaning", "original"):
        if key not in raw:
            raise TableError(f'{name}: the key "{key}" is missing')
    row = Row(**raw)
    if not re.fullmatch(r"[a-z][a-z0-9_]*", row.name):
        raise TableError(f"{row.name}: a name is small letters, digits and underscores")
    if not row.meaning.endswith("."):
        raise TableError(f"{row.name}: the meaning is a sentence, with a full stop")
    return row


def _option(raw: dict[str, Any]) -> Row:
    row = _row(raw)
    if row.type not in OPTION_TYPES:
        raise TableError(f"{row.name}: the type is one of {', '.join(OPTION_TYPES)}")
    if row.forgets_tls is None:
        raise TableError(f"{row.name}: forgets_tls is missing: may setting it decide about TLS?")
    # A session that was agreed on under other settings must not be resumed.
    if row.name.startswith("tls_") and not row.forgets_tls:
        raise TableError(f"{row.name}: an option of TLS must forget TLS sessions")
    if row.type in NUMBERS and row.range is None:
        raise TableError(f'{row.name}: a {row.type} needs a "range"')
    if row.type in (*NUMBERS, *TEXTS) and row.good is None:
        raise TableError(f'{row.name}: the tests need a "good" value that is not the default')
    if row.type == "list" and row.separator is None:
        raise TableError(f'{row.name}: a list needs its "separator"')
    return row


def _field(raw: dict[str, Any]) -> Row:
    row = _row(raw)
    if row.type not in FIELD_TYPES:
        raise TableError(f"{row.name}: the type is one of {', '.join(FIELD_TYPES)}")
    if row.type in TEXTS and (row.swift_type is None or row.good is None or row.bad is None):
        raise TableError(f'{row.name}: a text needs "swift_type", "good" and "bad"')
    return row
