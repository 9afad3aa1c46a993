"""A row of the table: an option or an envelope field."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Optional

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
    "number": "number",
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
    values: Optional[list[str]] = None
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
    python_shown: Optional[str] = None
    python_default: Optional[str] = None
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
            return seconds(self.default)
        if self.type in NUMBERS and self.default is not None:
            return str(self.default)
        if self.type in TEXTS and self.default is not None:
            return f"`{self.default}`"
        return "none"


def camel(name: str) -> str:
    """require_tls becomes requireTLS."""
    first, *rest = name.split("_")
    return first + "".join("TLS" if word == "tls" else word.capitalize() for word in rest)


def seconds(milliseconds: int) -> str:
    """1500 becomes 1.5 s."""
    whole, rest = divmod(milliseconds, 1000)
    return f"{whole}.{rest:03}".rstrip("0").rstrip(".") + " s"
