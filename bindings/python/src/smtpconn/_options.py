"""Options: keyword arguments become a C object."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Callable, Final

from ._errors import OptionsError
from ._failure import check
from ._library import lib
from ._text import encode, encode_path

if TYPE_CHECKING:
    from ._ffi import OptionsHandle


def _text(value: object, what: str) -> bytes:
    return encode(value, what, OptionsError)


def _path(value: object, what: str) -> bytes:
    return encode_path(value, what, OptionsError)


def _flag(value: object, what: str) -> int:
    # A stray "no" would count as true, and some of these flags decide about security.
    if not isinstance(value, bool):
        raise TypeError(f"{what} must be a bool, not {type(value).__name__}")
    return int(value)


def _number(value: object, what: str) -> int:
    if not isinstance(value, int) or isinstance(value, bool):
        raise TypeError(f"{what} must be an int, not {type(value).__name__}")
    # ctypes would cut off what does not fit: port 4294967321 would become 25.
    if not -(2**31) <= value < 2**31:
        raise OptionsError(f"{what} is out of range: {value}")
    return value


def _seconds(value: object, what: str) -> int:
    if not isinstance(value, (int, float)) or isinstance(value, bool):
        raise TypeError(f"{what} must be a number of seconds, not {type(value).__name__}")
    # 0 means "the default" in C; here None does, and 0 is a mistake.
    if not (math.isfinite(value) and 0 < value <= 86400):
        raise OptionsError(f"{what} must be more than 0 and at most 86400 seconds, not {value}")
    return math.ceil(value * 1000)


#: Each option and how its value is carried into C.
OPTIONS: Final[Mapping[str, Callable[[object, str], Any]]] = {
    "host": _text,
    "port": _number,
    "secure": _flag,
    "ignore_tls": _flag,
    "require_tls": _flag,
    "name": _text,
    "dns_timeout": _seconds,
    "connection_timeout": _seconds,
    "greeting_timeout": _seconds,
    "socket_timeout": _seconds,
    "command_timeout": _seconds,
    "final_reply_timeout": _seconds,
    "operation_timeout": _seconds,
    "auth_method": _text,
    "allow_insecure_auth": _flag,
    "tls_servername": _text,
    "tls_ca_file": _path,
    "tls_ca_directory": _path,
    "tls_reject_unauthorized": _flag,
    "transaction_log": _flag,
    "debug": _flag,
}


@contextmanager
def opened_options(values: Mapping[str, object]) -> Iterator[OptionsHandle]:
    """The C object, freed at the end.  None leaves an option at its default."""
    options = lib.smtpconn_options_new()
    if not options:
        raise MemoryError("no memory for options")
    try:
        for name, value in values.items():
            if value is not None:
                setter = getattr(lib, f"smtpconn_options_set_{name}")
                status = setter(options, OPTIONS[name](value, name))
                check(status, lib.smtpconn_options_last_error, options)
        yield options
    finally:
        lib.smtpconn_options_free(options)
