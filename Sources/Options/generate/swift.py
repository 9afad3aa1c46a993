"""The setters and getters in Swift."""

from __future__ import annotations

from row import TEXTS, Row
from table import Section, Table

WIDTH = 100
NOTE = "// Written by `make generated` from Sources/Options/options.json: change it there.\n"
BORROWED = "unsafe EnvelopePointer.borrow(envelope)"
INDEX = "_ index: Int"
IMPORTS = "import CSMTPConn\nimport SMTPConnection\nimport SMTPProtocol\nimport SMTPTransport\n"


def accessors(section: Section) -> str:
    """A file of SMTPConnABI: the options of one section."""
    parts = [f"{NOTE}\n{IMPORTS}"]
    for row in section.rows:
        if row.type != "callback" and not row.by_hand:
            parts.append(_option_setter(row))
            if row.has_getter:
                parts.append(_option_getter(row))
    return "\n".join(parts)


def fields(table: Table) -> str:
    """A file of SMTPConnABI: the fields of an envelope."""
    parts = [f"{NOTE}\nimport CSMTPConn\nimport SMTPProtocol\n"]
    for row in table.fields:
        parts += [_field_setter(row), _field_getter(row)]
    return "\n".join(parts)


def values(table: Table) -> str:
    """A file of SMTPConnection: what options may be, and their defaults."""
    limits = [row for row in table.options if row.type == "duration"]
    numbers = [row for row in table.options if row.type == "number" and not row.by_hand]
    names = "\n".join(f'    case .{_limit(row)}: "{row.name}"' for row in limits)
    defaults = "\n".join(f"    case .{_limit(row)}: {_grouped(row.default)}" for row in limits)
    setters = "\n\n".join(_number_check(row) for row in numbers)
    return f"""{NOTE}
package import SMTPProtocol

extension Limit {{
  package var optionName: String {{
    switch self {{
{names}
    }}
  }}

  /// The default, in milliseconds.
  package var standard: UInt32 {{
    switch self {{
{defaults}
    }}
  }}
}}

extension Options {{
{setters}
}}
"""


def _grouped(number: int) -> str:
    return f"{number:_}"


def _limit(row: Row) -> str:
    """final_reply_timeout is the limit finalReply; every duration has such a name."""
    first, *rest = row.name[: -len("_timeout")].split("_")
    return row.swift or first + "".join(word.capitalize() for word in rest)


def _number_check(row: Row) -> str:
    low, high = _range(row)
    return f"""  package mutating func set{_upper(row.member)}(_ value: Int) throws(Failure) {{
    guard ({low}...{high}).contains(value) else {{
      throw Failure(.options, "{row.name} must be {low} to {high}, not \\(value)")
    }}
    {row.member} = value
  }}"""


def _range(row: Row) -> tuple[int, int]:
    assert row.range is not None
    low, high = row.range
    return low, high


def _upper(name: str) -> str:
    return name[0].upper() + name[1:]


def _function(name: str, parameters: list[str], result: str, body: str) -> str:
    head = f"public func {name}({', '.join(parameters)}) -> {result} {{"
    if len(head) > WIDTH:
        head = f"public func {name}(\n  {', '.join(parameters)}\n) -> {result} {{"
    return f'@_cdecl("{name}") @implementation\n{head}\n{body}\n}}\n'


# --- options ------------------------------------------------------------------


def _option_setter(row: Row) -> str:
    name = f"smtpconn_options_set_{row.name}"
    options = "_ options: OpaquePointer?"
    if row.type == "duration":
        body = f"  unsafe setLimit(options, .{_limit(row)}, value)"
        return _function(name, [options, "_ value: UInt32"], "CInt", body)
    if row.type in TEXTS:
        body = f"  let value = unsafe cBytes(value)\n  return {_change(row)}"
        return _function(name, [options, "_ value: UnsafePointer<CChar>?"], "CInt", body)
    return _function(name, [options, "_ value: CInt"], "CInt", f"  {_change(row)}")


def _change(row: Row) -> str:
    keeps = "" if row.forgets_tls else ", keepsTLS: true"
    head = f"unsafe setOption(options{keeps}) {{ (options) throws(Failure) in"
    statement = _statement(row)
    line = f"{head} {statement} }}"
    # With the indent, and `return ` in front of it where there is one.
    indent = 9 if row.type in TEXTS else 2
    return line if len(line) + indent <= WIDTH else f"{head}\n    {statement}\n  }}"


def _statement(row: Row) -> str:
    setter = row.set or f"set{_upper(row.member)}"
    if row.type == "flag":
        return f"options.{row.member} = value != 0"
    if row.unchecked:
        return f"options.{row.member} = value"
    if row.type == "number":
        return f"try options.{setter}(Int(value))"
    if row.type == "descriptor":
        return f"try options.{setter}(value < 0 ? nil : value)"
    if row.type in ("pem file", "pem text"):
        form = ".file" if row.type == "pem file" else ".text"
        return f'try options.{setter}({form}, value, option: "{row.name}")'
    return f"try options.{setter}(value)"


def _option_getter(row: Row) -> str:
    name = f"smtpconn_options_{row.name}"
    parameters = ["_ options: OpaquePointer?"]
    value = row.get or f"$0.{row.member}"
    if row.type == "duration":
        body = f"  unsafe getLimit(options, .{_limit(row)})"
        return _function(name, parameters, "UInt32", body)
    if row.type in TEXTS:
        if row.type == "pem file":
            value = f"path($0.tls.{row.member})"
        elif row.type == "pem text":
            value = f"pem($0.tls.{row.member})"
        body = f"  unsafe getText(options) {{ {value} }}"
        return _function(name, parameters, "UnsafePointer<CChar>?", body)
    if row.type == "flag":
        body = f"  unsafe getFlag(options) {{ {value} }}"
    elif row.type == "choice":
        body = f"  unsafe getNumber(options) {{ Int({value}.rawValue) }}"
    elif row.type == "descriptor":
        body = f"  unsafe getDescriptor(options) {{ {value} }}"
    else:
        body = f"  unsafe getNumber(options) {{ {value} }}"
    return _function(name, parameters, "CInt", body)


# --- envelope fields ------------------------------------------------------------


def _field_setter(row: Row) -> str:
    name = f"smtpconn_envelope_set_{row.name}"
    parameters = ["_ envelope: OpaquePointer?"]
    if row.type in TEXTS:
        if row.of_recipient:
            parameters.append(INDEX)
        parameters.append("_ value: UnsafePointer<CChar>?")
        parsing = f"""try parsed("{row.name}", text) {{ bytes throws(ESMTPParameter.Refusal) in
      try {row.swift_type}(bytes)
    }}"""
        if row.of_recipient:
            use = f"""    let value = {parsing}
    try handle.changeRecipient(index) {{ $0.{row.member} = value }}"""
        else:
            use = f"""    let value = {parsing}
    handle.request.{row.member} = value"""
        body = f"""  guard let handle = {BORROWED} else {{ return nullHandle }}
  let text = unsafe cBytes(value)
  return handle.perform {{ () throws(Failure) in
{use}
  }}"""
        return _function(name, parameters, "CInt", body)
    if row.type == "number":
        low, high = _range(row)
        parameters.append("_ value: CInt")
        body = f"""  guard let handle = {BORROWED} else {{ return nullHandle }}
  return handle.perform {{ () throws(Failure) in
    let value = try numbered("{row.name}", value, {low}...{_grouped(high)})
    handle.request.{row.member} = value.map {{ {row.swift_type}($0) }}
  }}"""
        return _function(name, parameters, "CInt", body)
    value = {
        "flag": "value != 0",
        "flag or unset": "value < 0 ? nil : value != 0",
        "octets": "value == 0 ? nil : value",
    }[row.type]
    parameters.append("_ value: UInt64" if row.type == "octets" else "_ value: CInt")
    body = f"""  guard let handle = unsafe envelopeToChange(envelope) else {{ return nullHandle }}
  handle.request.{row.member} = {value}
  return 0"""
    return _function(name, parameters, "CInt", body)


def _field_getter(row: Row) -> str:
    name = f"smtpconn_envelope_{row.name}"
    parameters = ["_ envelope: OpaquePointer?"]
    if row.of_recipient:
        body = f"""  guard let handle = {BORROWED},
    handle.request.recipients.indices.contains(index)
  else {{ return nil }}
  let text = handle.request.recipients[index].{row.member}?.text
  return unsafe handle.texts.hold(text, index)"""
        return _function(name, [*parameters, INDEX], "UnsafePointer<CChar>?", body)
    if row.type in TEXTS:
        body = f"""  guard let handle = {BORROWED} else {{ return nil }}
  return unsafe handle.texts.hold(handle.request.{row.member}?.text)"""
        return _function(name, parameters, "UnsafePointer<CChar>?", body)
    if row.type == "number":
        body = f"""  guard let handle = {BORROWED} else {{ return 0 }}
  return number(handle.request.{row.member})"""
        return _function(name, parameters, "CInt", body)
    if row.type == "octets":
        body = f"  {BORROWED}?.request.{row.member} ?? 0"
        return _function(name, parameters, "UInt64", body)
    if row.type == "flag or unset":
        body = f"""  guard let handle = {BORROWED} else {{ return 0 }}
  guard let value = handle.request.{row.member} else {{ return -1 }}
  return value ? 1 : 0"""
    else:
        body = f"  {BORROWED}?.request.{row.member} == true ? 1 : 0"
    return _function(name, parameters, "CInt", body)
