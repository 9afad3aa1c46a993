"""The Python package: how values are carried, keywords, fields and docstrings."""

from __future__ import annotations

import json
import textwrap
from collections.abc import Iterable, Mapping
from typing import Optional

from row import FIELD_TYPES, OPTION_TYPES, TEXTS, Row
from table import Table

WIDTH = 100
NOTE = "Written by `make generated` from Sources/Options/options.json."

#: The annotation for each way of carrying a value.
ANNOTATIONS = {
    "flag": "bool",
    "flag or unset": "bool",
    "number": "int",
    "octets": "int",
    "seconds": "float",
    "text": "str",
    "path": "Path",
    "list": "Union[str, Iterable[str]]",
    "keywords": "Union[str, Iterable[str]]",
    "descriptor": "Union[Socket, int]",
}

#: The same for a reader.
READABLE = {
    "flag": "bool",
    "number": "int",
    "seconds": "seconds",
    "text": "str",
    "path": "path",
    "list": "str with commas, or several",
    "keywords": "str with blanks, or several",
    "descriptor": "socket or int",
}


def _kind(row: Row) -> str:
    if row.type == "list" and row.separator == " ":
        return "keywords"
    return row.python_kind or OPTION_TYPES[row.type]


def _annotation(row: Row, kind: str) -> str:
    return f"Optional[{row.python_type or ANNOTATIONS[kind]}]"


def module(table: Table) -> str:
    """_table.py."""
    plain = {row.keyword: _kind(row) for row in table.options if row.type != "callback"}
    hooks = {row.keyword: row.name for row in table.options if row.type == "callback"}
    own = [row for row in table.envelope if "." not in row.keyword]
    carried = {row.keyword: FIELD_TYPES[row.type] for row in own}
    carried = {name: kind for name, kind in carried.items() if name not in _ADDRESSES}
    text = f'"""The options of a connection and the fields of an envelope.\n\n{NOTE}\n"""\n'
    text += "\nfrom __future__ import annotations\n\n"
    text += "from collections.abc import Mapping\nfrom typing import Final\n\n"
    text += "#: Options, and how each value is carried into C: a name of `_options.CARRIERS`.\n"
    text += _mapping("OPTIONS", plain)
    text += "\n#: Options that are Python code, and the setter of the library.\n"
    text += _mapping("HOOKS", hooks)
    text += '\n#: Fields of `Envelope` beside the addresses; the library has no "python".\n'
    text += _mapping("FIELDS", carried)
    for name, prefix in (("DSN_FIELDS", "DSN."), ("RECIPIENT_FIELDS", "Recipient.")):
        text += f"\n#: Fields of `{prefix[:-1]}`: what the library calls each, and its kind.\n"
        text += f"{name}: Final[Mapping[str, tuple[str, str]]] = {{\n"
        for row in table.envelope:
            if row.keyword.startswith(prefix):
                name_there = row.keyword[len(prefix) :]
                text += f'    "{name_there}": ("{row.name}", "{FIELD_TYPES[row.type]}"),\n'
        text += "}\n"
    return text


_ADDRESSES = ("from_addr", "to_addrs")


def _mapping(name: str, values: Mapping[str, str]) -> str:
    lines = "".join(f'    "{key}": "{value}",\n' for key, value in values.items())
    return f"{name}: Final[Mapping[str, str]] = {{\n{lines}}}\n"


def parameters(table: Table) -> str:
    """The options of `Connection.__init__`."""
    lines = []
    for row in table.options:
        lines.append(f"{row.keyword}: {_annotation(row, _kind(row))} = None,\n")
        # A host and a port may be given without their names.
        if row.name == "port":
            lines.append("*,\n")
    return "".join(lines)


def option_types(table: Table) -> str:
    """The fields of the TypedDict `ConnectionOptions`."""
    rows = table.options
    return "".join(f"{row.keyword}: {_annotation(row, _kind(row))}\n" for row in rows)


def send_parameters(table: Table) -> str:
    """The fields of an envelope as `Connection.send` takes them."""
    return "".join(
        f"{row.keyword}: {_annotation(row, FIELD_TYPES[row.type])} = None,\n"
        for row in _optional_fields(table)
    )


def _optional_fields(table: Table) -> list[Row]:
    own = [row for row in table.envelope if "." not in row.keyword]
    return [row for row in own if row.keyword not in _ADDRESSES]


def envelope_fields(table: Table) -> str:
    """The fields of the dataclass `Envelope`, in the order in which they may be given."""
    text = "from_addr: str\nto_addrs: Recipients\n"
    for row in _optional_fields(table):
        kind = FIELD_TYPES[row.type]
        # What can be unset is None; a flag that cannot is False.
        if kind == "flag" or row.python_type == "bool":
            text += f"{row.keyword}: bool = False\n"
        else:
            text += f"{row.keyword}: {_annotation(row, kind)} = None\n"
    return text


def option_list(table: Table) -> str:
    """The options for a docstring that is indented by eight."""
    return _listed(((row, _default(row)) for row in table.options), 92)


def field_list(table: Table) -> str:
    """The fields of an envelope for a docstring that is indented by four."""
    own = [row for row in table.envelope if "." not in row.keyword]
    return _listed(((row, None) for row in own), 96)


def _default(row: Row) -> Optional[str]:
    text = _default_text(row)
    return None if text == "none" else text


def _default_text(row: Row) -> str:
    return row.python_default or row.default_text


def _listed(rows: Iterable[tuple[Row, Optional[str]]], width: int) -> str:
    lines = []
    for row, default in rows:
        text = row.meaning.replace(". ", ".  ")
        if default is not None:
            text += f"  Default: {default}."
        lines += textwrap.wrap(
            f"`{row.keyword}`: {text}", width, initial_indent="- ", subsequent_indent="  ",
            fix_sentence_endings=False, break_long_words=False, break_on_hyphens=False,
        )  # fmt: skip
    return "\n".join(lines) + "\n"


def readme_table(table: Table) -> str:
    """The options in the README of the package."""
    text = "\n"
    for section in table.sections:
        text += f"{section.title}:\n\n| keyword | type | default | meaning |\n"
        text += "| --- | --- | --- | --- |\n"
        for row in section.rows:
            kind = row.python_shown or row.python_type or READABLE[_kind(row)]
            text += f"| `{row.keyword}` | {kind} | {_default_text(row)} | {row.meaning} |\n"
        text += "\n"
    return text


# --- values for the tests ------------------------------------------------------------


def test_rows(table: Table) -> str:
    """tests/option_rows.py."""
    text = f'"""Values of options for the tests.\n\n{NOTE}\n"""\n'
    text += "\nfrom __future__ import annotations\n\n"
    text += "from pathlib import Path\nfrom typing import Any\n\nimport smtpconn\n\n"
    text += "#: A value that is not the default, and what the getter of the library then gives;\n"
    text += "#: None for a secret, which has no getter.\n"
    text += "VALUES: dict[str, tuple[Any, Any]] = {\n"
    for row in table.options:
        if row.type not in ("callback", "descriptor") and row.needs != "connection":
            text += _entry(row.keyword, _value(row))
    text += "}\n\n#: Values that the library refuses.\nREFUSED: list[tuple[str, Any]] = [\n"
    for row in table.options:
        for value in _refused(row):
            text += f'    ("{row.keyword}", {value}),\n'
    text += "]\n\n#: Options that make sense only together with another.\nNEEDS = {\n"
    for row in table.options:
        if row.needs is not None:
            text += f'    "{row.keyword}": "{row.needs}",\n'
    return text + "}\n"


def _entry(keyword: str, pair: tuple[str, str]) -> str:
    """An entry of VALUES, in as many lines as it needs."""
    line = f'    "{keyword}": ({", ".join(pair)}),\n'
    if len(line) <= WIDTH + 1:
        return line
    return f'    "{keyword}": (\n' + "".join(f"        {value},\n" for value in pair) + "    ),\n"


def _value(row: Row) -> tuple[str, str]:
    if row.type == "flag":
        return str(not row.default), str(int(not row.default))
    if row.type == "duration":
        return ("2.5", "2500") if row.default == 1500 else ("1.5", "1500")
    if row.type == "choice" and row.python_kind == "flag":
        return str(bool(row.good)), str(row.good)
    if row.type == "choice":
        return f"smtpconn.{row.python_type}({row.good})", str(row.good)
    if row.type == "number":
        return str(row.good), str(row.good)
    given = _given(row, row.good)
    return given, "None" if row.secret else f"b{json.dumps(row.good)}"


def _given(row: Row, text: str) -> str:
    if OPTION_TYPES[row.type] == "path":
        return f"Path({json.dumps(text)})"
    if row.separator is not None:
        return json.dumps(text.split(row.separator))
    return json.dumps(text)


def _refused(row: Row) -> list[str]:
    if row.type == "duration":
        return ["0", "-1.5", 'float("inf")', 'float("nan")', "86401"]
    if row.range is not None and row.python_kind is None:
        low, high = row.range
        # The last would fit when it was cut off to 32 bits.
        return [str(low - 1), str(high + 1), str(2**32 + high)]
    if row.type in TEXTS:
        # An empty path is "." for pathlib, so the text itself.
        return [json.dumps(text) for text in (row.bad, f"{row.good}\0") if text is not None]
    return []
