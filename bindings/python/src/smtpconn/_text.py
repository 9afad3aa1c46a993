"""Text on its way into the library and out of it."""

from __future__ import annotations

import os
from collections.abc import Iterable
from typing import overload

from ._errors import SMTPConnError


def encode(value: object, what: str, error: type[SMTPConnError]) -> bytes:
    """UTF-8 for a C string; `what` names the argument in the error.

    C would end the string at a NUL and take the rest for absent, so a NUL never gets there.
    """
    if not isinstance(value, str):
        raise TypeError(f"{what} must be a str, not {type(value).__name__}")
    if "\0" in value:
        raise error(f"{what} holds a NUL character")
    try:
        return value.encode("utf-8")
    except UnicodeEncodeError:
        raise error(f"{what} holds a lone surrogate and has no form in UTF-8") from None


def encode_list(
    value: object, what: str, error: type[SMTPConnError], separator: bytes = b","
) -> bytes:
    """One text with separators, or several, as one with separators."""
    if isinstance(value, str) or not isinstance(value, Iterable):
        return encode(value, what, error)
    items = (encode(item, f"{what}[{index}]", error) for index, item in enumerate(value))
    return separator.join(items)


def encode_path(value: object, what: str, error: type[SMTPConnError]) -> bytes:
    """A path for C, in the encoding of the file system."""
    if not isinstance(value, (str, os.PathLike)):
        raise TypeError(f"{what} must be a str or a path, not {type(value).__name__}")
    path = os.fsencode(value)
    if b"\0" in path:
        raise error(f"{what} holds a NUL character")
    return path


@overload
def decode(value: bytes) -> str: ...
@overload
def decode(value: bytes | None) -> str | None: ...
def decode(value: bytes | None) -> str | None:
    """Text of a server: UTF-8 (RFC 6531), or else Latin-1, which fits any octet."""
    if value is None:
        return None
    try:
        return value.decode("utf-8")
    except UnicodeDecodeError:
        return value.decode("latin-1")
