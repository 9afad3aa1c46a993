"""Text and flags on their way into the library and out of it."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from typing import overload

from ._outcome import SMTPConnError


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
    # Not the octets of bytes, and not the keys of a dict.
    one = isinstance(value, (str, bytes, bytearray, memoryview, Mapping))
    if one or not isinstance(value, Iterable):
        return encode(value, what, error)
    items = (encode(item, f"{what}[{index}]", error) for index, item in enumerate(value))
    return separator.join(items)


def encode_flag(value: object, what: str) -> int:
    """A bool for C.  A stray "no" would count as true, and some flags decide about security."""
    if not isinstance(value, bool):
        raise TypeError(f"{what} must be a bool, not {type(value).__name__}")
    return int(value)


def encode_path(value: object, what: str, error: type[SMTPConnError]) -> bytes:
    """A path for C, in the encoding of the file system."""
    if not isinstance(value, (str, os.PathLike)):
        raise TypeError(f"{what} must be a str or a path, not {type(value).__name__}")
    try:
        path = os.fsencode(value)
    except UnicodeEncodeError:
        raise error(f"{what} has no form in the encoding of the file system") from None
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


def shortened(value: object) -> str:
    """A number for a message; Python refuses to write out very long ones."""
    try:
        text = str(value)
    except ValueError:
        return "a number of thousands of digits"
    return text if len(text) <= 40 else f"{text[:20]}... ({len(text)} digits)"
