"""The rows for the C programs of the tests, as lists of macros."""

from __future__ import annotations

import json
from typing import Any

from row import NUMBERS, TEXTS, Row
from table import Table

HEAD = """/*
 * option_rows.h - options and envelope fields, for programs that go through all of them
 *
 * Written by `make generated` from Sources/Options/options.json.  X is called for each row.
 */
#ifndef OPTION_ROWS_H
#define OPTION_ROWS_H

"""


def header(table: Table) -> str:
    options = [row for row in table.options if row.type != "callback"]
    fields = table.fields
    texts = [row for row in options if row.type in TEXTS]
    of_all = [row for row in fields if row.type in TEXTS and not row.of_recipient]
    of_one = [row for row in fields if row.of_recipient]
    return (
        HEAD
        + _list("FLAG_OPTIONS", "name, default", [
            _call(row, int(row.default)) for row in options if row.type == "flag"
        ])
        + _list("NUMBER_OPTIONS", "name, lowest, highest, default, another value", [
            _call(row, *row.range or (), row.default, row.good)
            for row in options if row.type in NUMBERS
        ])
        + _list("DURATION_OPTIONS", "name, default in milliseconds", [
            _call(row, row.default) for row in options if row.type == "duration"
        ])
        + _list("TEXT_OPTIONS", "name, default, a value, one that is refused or NULL", [
            _call(row, row.default, row.good, row.bad) for row in texts if not row.secret
        ])
        + _list("SECRET_OPTIONS", "the same, without a getter", [
            _call(row, row.default, row.good, row.bad) for row in texts if row.secret
        ])
        + _list("DESCRIPTOR_OPTIONS", "name", [
            _call(row) for row in options if row.type == "descriptor"
        ])
        + _list("FLAG_FIELDS", "name", [_call(row) for row in fields if row.type == "flag"])
        + _list("OPEN_FLAG_FIELDS", "name; -1 is unset, the default", [
            _call(row) for row in fields if row.type == "flag or unset"
        ])
        + _list("SIZE_FIELDS", "name; 0 is unset, the default", [
            _call(row) for row in fields if row.type == "octets"
        ])
        + _list("NUMBER_FIELDS", "name, lowest, highest, a value; unset by default", [
            _call(row, *row.range or (), row.good) for row in fields if row.type == "number"
        ])
        + _list("TEXT_FIELDS", "name, a value, one that is refused", [
            _call(row, row.good, row.bad) for row in of_all
        ])
        + _list("RECIPIENT_TEXT_FIELDS", "the same, of one recipient", [
            _call(row, row.good, row.bad) for row in of_one
        ])
        + "#endif /* OPTION_ROWS_H */\n"
    )  # fmt: skip


def _list(name: str, columns: str, calls: list[str]) -> str:
    lines = " \\\n".join(f"  {call}" for call in calls)
    return f"/* {columns} */\n#define {name}(X) \\\n{lines}\n\n"


def _call(row: Row, *values: Any) -> str:
    return f"X({', '.join([row.name, *(_literal(value) for value in values)])})"


def _literal(value: Any) -> str:
    return "NULL" if value is None else json.dumps(value)
