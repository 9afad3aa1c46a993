"""The tables of the documentation."""

from __future__ import annotations

import re
import textwrap

from row import Row
from table import Table


def options(table: Table) -> str:
    """The options in docs/options.md."""
    text = ""
    for section in table.sections:
        text += f"\n## {section.title}\n\n{HEAD}"
        text += "".join(_line(row, f"`{row.name}`") for row in section.rows)
    return text + "\n"


HEAD = "| name | type | default | original | meaning |\n| --- | --- | --- | --- | --- |\n"


def envelope(table: Table) -> str:
    """The fields in docs/options.md."""
    rows = [row for row in table.envelope if row.type != "python"]
    return f"\n{HEAD}" + "".join(_line(row, f"`{row.name}`") for row in rows) + "\n"


def _line(row: Row, name: str) -> str:
    original = "" if row.original is None else f"`{row.original}`"
    default = row.default_text
    if row.python_default is not None:
        default += f"; in Python {row.python_default}"
    return f"| {name} | {type_text(row)} | {default} | {original} | {row.meaning} |\n"


def type_text(row: Row) -> str:
    """The type as the tables show it."""
    if row.type_shown is not None:
        return row.type_shown
    if row.range is not None:
        return f"{row.type}, {row.range[0]} to {row.range[1]}"
    return {"path": "text", "pem file": "text", "pem text": "text"}.get(row.type, row.type)


def manual_options(table: Table) -> str:
    """The options in the man page."""
    return "".join(_entry("options", row) for row in table.options)


def manual_envelope(table: Table) -> str:
    """The fields in the man page."""
    return "".join(_entry("envelope", row) for row in table.fields)


def _entry(noun: str, row: Row) -> str:
    setter, getter = f"smtpconn_{noun}_set_{row.name}", f"smtpconn_{noun}_{row.name}"
    names = f'.BR {setter} "(), " {getter} ()' if row.has_getter else f".BR {setter} ()"
    text = row.meaning
    if row.values is not None:
        text += f" Values: {', '.join(row.values)}."
    default = _default_in_c(row)
    if noun == "options" and default != "none":
        text += f" Default: {default}."
    lines = textwrap.wrap(_roff(text), 78, break_long_words=False, break_on_hyphens=False)
    return f".TP\n{names}\n" + "".join(f"{_no_request(line)}\n" for line in lines)


def _default_in_c(row: Row) -> str:
    """A choice is one of its values there."""
    if row.type != "choice" or row.values is None or row.range is None:
        return row.default_text
    shown: str = row.values[row.default - row.range[0]]
    return shown


def _roff(text: str) -> str:
    text = text.replace("\\", "\\e").replace("-", "\\-")
    return re.sub(r"`([^`]*)`", r"\\fB\1\\fP", text)


def _no_request(line: str) -> str:
    """A full stop or an apostrophe at the beginning would make it one."""
    return f"\\&{line}" if line[0] in ".'" else line
