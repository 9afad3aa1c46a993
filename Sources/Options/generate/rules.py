"""What a row must have, so that what is written from it is right."""

from __future__ import annotations

import keyword
import re
from collections.abc import Iterable
from dataclasses import fields
from typing import Any

from row import FIELD_TYPES, NUMBERS, OPTION_TYPES, TEXTS, Row, TableError

#: What `Connection.__init__` takes beside the options.
OWN_KEYWORDS = frozenset(
    [
        "self",
        "tls_session",
        "timeout",
        "context",
        "loop",
        "logger",
        "on_connect",
        "on_error",
        "on_end",
        "on_token",
        "on_progress",
    ]
)
#: What `send` and `Envelope` have beside the fields.
OWN_FIELDS = frozenset(("self", "message", "recipients"))

#: The ways in which Python carries an option.
KINDS = (*OPTION_TYPES.values(), "keywords")
#: Keys that the tables of the documentation show.
SHOWN = ("meaning", "original", "default_shown", "type_shown", "python_shown", "python_default")
#: The values of a key, by the annotation in `Row`.
KEY_TYPES = {
    "str": (str, "a text"),
    "Optional[str]": (str, "a text"),
    "bool": (bool, "true or false"),
    "Optional[bool]": (bool, "true or false"),
    "Optional[list[int]]": (list, "a list of numbers"),
    "Optional[list[str]]": (list, "a list of texts"),
}
#: The longest duration, a day in milliseconds (`Limits.longest`).
LONGEST = 86_400_000


def _row(raw: Any) -> Row:
    """The row, of which every key is one that there is, and has a value of its type."""
    if not isinstance(raw, dict):
        raise TableError(f"a row is an object, in braces, not {raw!r}")
    name = raw.get("name", "a row without a name")
    known = {field.name: field.type for field in fields(Row)}
    for key, value in raw.items():
        if key not in known:
            raise TableError(f'{name}: there is no key "{key}"')
        kind, words = KEY_TYPES.get(str(known[key]), (object, ""))
        if not isinstance(value, kind) and not (value is None and "Optional" in str(known[key])):
            raise TableError(f'{name}: "{key}" must be {words}')
        if key in SHOWN and isinstance(value, str) and re.search(r"[|\n]", value):
            raise TableError(f'{name}: "{key}" stands in a table: no "|" and no line end in it')
    for key in ("name", "type", "meaning", "original"):
        if key not in raw:
            raise TableError(f'{name}: the key "{key}" is missing')
    made = Row(**raw)
    if not re.fullmatch(r"[a-z][a-z0-9_]*", made.name):
        raise TableError(f"{made.name}: a name is small letters, digits and underscores")
    if not made.meaning.endswith("."):
        raise TableError(f"{made.name}: the meaning is a sentence, with a full stop")
    return made


def option(raw: Any) -> Row:
    row = _row(raw)
    if row.type not in OPTION_TYPES:
        raise TableError(f"{row.name}: the type is one of {', '.join(OPTION_TYPES)}")
    if row.forgets_tls is None:
        raise TableError(f"{row.name}: forgets_tls is missing: may setting it decide about TLS?")
    # A session that was agreed on under other settings must not be resumed.
    if row.name.startswith("tls_") and not row.forgets_tls:
        raise TableError(f"{row.name}: an option of TLS must forget TLS sessions")
    if row.python_kind is not None and row.python_kind not in KINDS:
        raise TableError(f'{row.name}: "python_kind" is one of {", ".join(dict.fromkeys(KINDS))}')
    if row.type not in TEXTS and (row.secret or row.unchecked):
        raise TableError(f'{row.name}: "secret" and "unchecked" are for a text, not a {row.type}')
    if row.of_recipient:
        raise TableError(f'{row.name}: "of_recipient" is for fields of an envelope')
    if row.type == "flag" and not isinstance(row.default, bool):
        raise TableError(f'{row.name}: a flag needs its "default", true or false')
    if row.type == "duration":
        _duration(row)
    if row.type == "callback" and (row.python_type is None or row.python_shown is None):
        raise TableError(
            f'{row.name}: a callback needs "python_type", its annotation in _connection.py, and '
            '"python_shown", the same in words'
        )
    if row.type in NUMBERS:
        _number(row)
    if row.type in TEXTS:
        _text(row)
    return row


def _duration(row: Row) -> None:
    if not row.name.endswith("_timeout"):
        raise TableError(f'{row.name}: the "name" of a duration ends with "_timeout"')
    if not _is_number(row.default) or not 1 <= row.default <= LONGEST:
        raise TableError(f'{row.name}: a duration needs its "default", 1 to {LONGEST} milliseconds')


def _range(row: Row) -> tuple[int, int]:
    limits = row.range or []
    if len(limits) != 2 or not all(map(_is_number, limits)) or limits[0] >= limits[1]:
        raise TableError(
            f'{row.name}: a {row.type} needs a "range", the lowest and the highest: [0, 9]'
        )
    low, high = limits
    # A number of C is an int, whose lowest value is that of a field that is not set.
    if not -(2**31) < low <= high < 2**31:
        raise TableError(f'{row.name}: the "range" of a {row.type} must fit an int of 32 bits')
    return low, high


def _number(row: Row) -> None:
    low, high = _range(row)
    if not _is_number(row.default) or not low <= row.default <= high:
        raise TableError(f'{row.name}: a {row.type} needs its "default", {low} to {high}')
    if not _is_number(row.good) or not low <= row.good <= high or row.good == row.default:
        raise TableError(
            f'{row.name}: the tests need a "good" value, {low} to {high}, that is not the default'
        )
    if row.type != "choice":
        return
    if row.values is None or len(row.values) != high - low + 1:
        raise TableError(
            f'{row.name}: a choice needs "values", how C writes each of {low} to {high}'
        )
    if row.python_type is None and row.python_kind != "flag":
        raise TableError(
            f'{row.name}: a choice needs "python_type", its enumeration in the package, or '
            '"python_kind": "flag"'
        )
    if row.python_kind == "flag" and row.good not in (0, 1):
        raise TableError(f'{row.name}: with "python_kind": "flag" the "good" value is 0 or 1')


def _text(row: Row) -> None:
    if not isinstance(row.good, str) or row.good == row.default:
        raise TableError(f'{row.name}: the tests need a "good" value that is not the default')
    if not isinstance(row.default, (str, type(None))):
        raise TableError(f'{row.name}: the "default" of a {row.type} is a text or null')
    if row.type == "list" and row.separator is None:
        raise TableError(f'{row.name}: a list needs its "separator"')
    if row.bad is None and not row.unchecked:
        raise TableError(
            f'{row.name}: the tests need a "bad" value that is refused; a text that only connect '
            'checks has "unchecked": true instead'
        )


def _is_number(value: Any) -> bool:
    # True is an int too.
    return isinstance(value, int) and not isinstance(value, bool)


def field(raw: Any) -> Row:
    row = _row(raw)
    if row.type not in FIELD_TYPES:
        raise TableError(f"{row.name}: the type is one of {', '.join(FIELD_TYPES)}")
    if row.type in TEXTS and (row.swift_type is None or row.good is None or row.bad is None):
        raise TableError(f'{row.name}: a text needs "swift_type", "good" and "bad"')
    if row.type == "number":
        low, high = _range(row)
        if row.swift_type is None or not _is_number(row.good) or not low <= row.good <= high:
            raise TableError(
                f'{row.name}: a number needs "swift_type", and a "good" value, {low} to {high}'
            )
        if row.default is not None:
            raise TableError(f'{row.name}: the "default" of a number is that it is not set: none')
    if row.type not in TEXTS and row.of_recipient:
        raise TableError(f'{row.name}: "of_recipient" is for a text, not a {row.type}')
    if row.type.startswith("mailbox") and not row.by_hand:
        raise TableError(f'{row.name}: a {row.type} needs "by_hand": true')
    if row.type == "python" and row.python_type is None:
        raise TableError(f'{row.name}: a field of Python needs "python_type", its annotation')
    return row


def together(rows: list[Row], own: Iterable[str]) -> None:
    """Names that are there once, in C and in Python, and needs that can be met."""
    names = [row.name for row in rows]
    taken = set(own)
    for index, row in enumerate(rows):
        if row.name in names[:index]:
            raise TableError(f"{row.name}: there are two rows of this name")
        if row.needs is not None and row.needs not in names:
            raise TableError(f'{row.name}: "needs" names no row: {row.needs}')
        if row.keyword in taken:
            raise TableError(
                f'{row.name}: Python has another "{row.keyword}" there: give another name, '
                'with "python"'
            )
        if not all(map(_is_identifier, row.keyword.split("."))):
            raise TableError(
                f'{row.name}: "{row.keyword}" is no name in Python: give another, with "python"'
            )
        taken.add(row.keyword)


def sections(files: list[str]) -> None:
    """Each section has a file of its own."""
    for name in files:
        if files.count(name) > 1:
            raise TableError(f'two sections have the "file" {name}: give each its own')


def _is_identifier(name: str) -> bool:
    return name.isidentifier() and not keyword.iskeyword(name)
