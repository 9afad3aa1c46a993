"""The foreign functions of Python, from the header."""

from __future__ import annotations

import re

from header import Header, Prototype

WIDTH = 100

SCALARS = {
    "int": "c_int",
    "size_t": "c_size_t",
    "ptrdiff_t": "c_ssize_t",
    "uint32_t": "c_uint32",
    "uint64_t": "c_uint64",
    "char *": "c_char_p",
    "char * *": "POINTER(c_char_p)",
    "void *": "c_void_p",
    "uint8_t *": "POINTER(c_uint8)",
    "size_t *": "POINTER(c_size_t)",
}
#: Not const: something to write to.
WRITABLE = {"char *": "POINTER(c_char)"}

HEAD = '''"""The foreign functions: <smtpconn.h>, line by line, and nothing else.

Written by `make generated` from the header; tests/test_ffi.py reads the header too, and compares.
"""

from __future__ import annotations

from ctypes import (
    CFUNCTYPE,
    POINTER,
    Structure,
    c_char,
    c_char_p,
    c_int,
    c_size_t,
    c_ssize_t,
    c_uint8,
    c_uint32,
    c_uint64,
    c_void_p,
)
from typing import TYPE_CHECKING, Any, NamedTuple

# One type to a handle, so that ctypes refuses an envelope where a connection belongs.

'''


def module(header: Header) -> str:
    types = {f"{handle} *": _handle(handle) for handle in header.handles}
    types.update({callback.name: _callback(callback.name) for callback in header.callbacks})
    types.update(SCALARS)
    names = [_handle(handle) for handle in header.handles]
    text = HEAD
    for handle, name in zip(header.handles, names):
        text += f'\nclass _{name}(Structure):\n    """{handle}"""\n\n'
    text += "\n" + "".join(f"{name} = POINTER(_{name})\n" for name in names)
    text += "\nif TYPE_CHECKING:\n    from ctypes import _Pointer\n\n"
    text += "".join(f"    {name}Handle = _Pointer[_{name}]\n" for name in names)
    text += "else:  # typing.get_type_hints needs every name.\n"
    text += "".join(f"    {name}Handle = {name}\n" for name in names)
    text += "\n# The callbacks, in the order of the header.\n\n"
    for callback in header.callbacks:
        arguments = ", ".join(_types(callback, types))
        text += f"{_callback(callback.name)} = CFUNCTYPE({arguments})\n"
    text += '''

class Function(NamedTuple):
    """A function of the library; `restype` is None for void."""

    name: str
    argtypes: list[Any]
    restype: Any


FUNCTIONS = (
'''
    part = ""
    for function in header.functions:
        if function.part != part:
            part = function.part
            text += f"    # {part}\n"
        text += _function(function, types)
    return text + ")\n"


def _handle(name: str) -> str:
    """smtpconn_token_request becomes TokenRequest, smtpconn itself Conn."""
    return "Conn" if name == "smtpconn" else _camel(name[len("smtpconn_") :])


def _callback(name: str) -> str:
    return _camel(name[len("smtpconn_") :])


def _camel(name: str) -> str:
    return "".join("TLS" if word == "tls" else word.capitalize() for word in name.split("_"))


def _types(prototype: Prototype, types: dict[str, str]) -> list[str]:
    """That of the result, and those of the parameters."""
    result = "None" if prototype.result == "void" else _type(prototype.result, types)
    return [result, *(_type(text, types) for text in prototype.parameters)]


def _type(text: str, types: dict[str, str]) -> str:
    """The type of "const char *" or of "const char *name"."""
    words = [word for word in re.findall(r"\w+|\*", text) if word != "const"]
    if len(words) > 1 and words[-1] != "*":
        words.pop()
    name = " ".join(words)
    if "const" not in text and name in WRITABLE:
        return WRITABLE[name]
    return types[name]


def _function(prototype: Prototype, types: dict[str, str]) -> str:
    """As ruff would format it."""
    result, *arguments = _types(prototype, types)
    parts = [f'"{prototype.name}"', f"[{', '.join(arguments)}]", result]
    line = f"    Function({', '.join(parts)}),\n"
    if len(line) <= WIDTH + 1:
        return line
    line = f"        {', '.join(parts)}\n"
    if len(line) <= WIDTH + 1:
        return f"    Function(\n{line}    ),\n"
    return "    Function(\n" + "".join(f"        {part},\n" for part in parts) + "    ),\n"
