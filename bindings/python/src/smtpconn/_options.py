"""Options: keyword arguments become a C object."""

from __future__ import annotations

import math
import weakref
from collections.abc import Iterable, Iterator, Mapping
from ctypes import create_string_buffer
from typing import TYPE_CHECKING, Any, Callable, Final

from ._errors import OptionsError
from ._failure import check
from ._ffi import ReleaseCallback
from ._hooks import MECHANISM, PASSWORD, TLS_CONTEXT, TLS_KEY, Hook, Owner
from ._library import lib
from ._table import HOOKS, OPTIONS
from ._text import encode, encode_flag, encode_list, encode_path, shortened
from ._trust import missing as missing_store

if TYPE_CHECKING:
    from ._ffi import OptionsHandle

#: The connection keeps its hooks itself.
_NO_RELEASE: Final = ReleaseCallback()


def _text(value: object, what: str) -> bytes:
    return encode(value, what, OptionsError)


def _path(value: object, what: str) -> bytes:
    return encode_path(value, what, OptionsError)


def _number(value: object, what: str) -> int:
    if not isinstance(value, int) or isinstance(value, bool):
        raise TypeError(f"{what} must be an int, not {type(value).__name__}")
    # ctypes would cut off what does not fit: port 4294967321 would become 25.
    if not -(2**31) <= value < 2**31:
        raise OptionsError(f"{what} is out of range: {shortened(value)}")
    return value


def _seconds(value: object, what: str) -> int:
    if not isinstance(value, (int, float)) or isinstance(value, bool):
        raise TypeError(f"{what} must be a number of seconds, not {type(value).__name__}")
    # 0 means "the default" in C; here None does, and 0 is a mistake.
    # Compared first: not every int fits into a float, and NaN is in no order.
    if not 0 < value <= 86400:
        raise OptionsError(
            f"{what} must be more than 0 and at most 86400 seconds, not {shortened(value)}"
        )
    return math.ceil(value * 1000)


def _descriptor(value: object, what: str) -> int:
    if isinstance(value, int):
        descriptor = _number(value, what)
    elif callable(getattr(value, "fileno", None)):
        descriptor = value.fileno()  # type: ignore[attr-defined]
    else:
        raise TypeError(f"{what} must be a socket or an int, not {type(value).__name__}")
    # -1 means "none" in C; here None does, and a socket that was closed has -1.
    if descriptor < 0:
        raise OptionsError(f"{what} is not an open socket")
    return descriptor


def _list(value: object, what: str) -> bytes:
    return encode_list(value, what, OptionsError)


def _keywords(value: object, what: str) -> bytes:
    return encode_list(value, what, OptionsError, separator=b" ")


#: How a value is carried into C; _table.py says which way each option goes.
CARRIERS: Final[Mapping[str, Callable[[object, str], Any]]] = {
    "flag": encode_flag,
    "number": _number,
    "seconds": _seconds,
    "text": _text,
    "path": _path,
    "list": _list,
    "keywords": _keywords,
    "descriptor": _descriptor,
}


def _function(value: object, what: str) -> Callable[..., Any]:
    if not callable(value):
        raise TypeError(f"{what} must be callable, not {type(value).__name__}")
    return value


def _mechanisms(value: object, what: str, owner: Owner) -> Iterator[tuple[Any, ...]]:
    if not isinstance(value, Mapping):
        raise TypeError(f"{what} must be a dict, not {type(value).__name__}")
    for name, function in value.items():
        label = f"{what}[{name!r}]"
        hook = Hook(owner, name, _function(function, label))
        yield _text(name, label), MECHANISM, _NO_RELEASE, hook.token


def _password(value: object, what: str, owner: Owner) -> Iterator[tuple[Any, ...]]:
    if not (isinstance(value, (str, bytes)) or callable(value)):
        raise TypeError(f"{what} must be str, bytes or callable, not {type(value).__name__}")
    hook = Hook(owner, what, value if callable(value) else lambda: value)
    yield PASSWORD, _NO_RELEASE, hook.token


def _tls_context(value: object, what: str, owner: Owner) -> Iterator[tuple[Any, ...]]:
    yield TLS_CONTEXT, _NO_RELEASE, Hook(owner, what, _function(value, what)).token


def _tls_key_log(value: object, what: str, owner: Owner) -> Iterator[tuple[Any, ...]]:
    yield TLS_KEY, _NO_RELEASE, Hook(owner, what, _function(value, what)).token


#: Options that are Python code: the arguments of each call of the setter.
CODE: Final[Mapping[str, Callable[[object, str, Owner], Iterator[tuple[Any, ...]]]]] = {
    "custom_mechanisms": _mechanisms,
    "tls_key_password": _password,
    "tls_context_callback": _tls_context,
    "tls_key_log": _tls_key_log,
}


class Options:
    """The C object.  None leaves an option at its default."""

    def __init__(self, values: Mapping[str, object], tls_session: object, owner: Owner) -> None:
        handle = lib.smtpconn_options_new()
        if not handle:
            raise MemoryError("no memory for options")
        self.handle: Final[OptionsHandle] = handle
        #: Frees it; the second time does nothing.
        self.free: Final = weakref.finalize(self, lib.smtpconn_options_free, handle)
        self.free.atexit = False
        try:
            self._fill({**values, **missing_store(values)}, owner)
            # Behind all options, which would make the C object forget it.
            if tls_session is not None:
                self._add_session(tls_session)
        except BaseException:
            self.free()
            raise

    def _fill(self, values: Mapping[str, object], owner: Owner) -> None:
        for name, value in values.items():
            if value is None:
                continue
            setter_name, calls = _calls(name, value, owner)
            setter = getattr(lib, f"smtpconn_options_set_{setter_name}")
            for arguments in calls:
                self._check(setter(self.handle, *arguments))

    def _add_session(self, session: object) -> None:
        if not isinstance(session, bytes):
            raise TypeError(f"tls_session must be bytes, not {type(session).__name__}")
        self._check(lib.smtpconn_options_add_tls_session(self.handle, session, len(session)))

    def take_session(self) -> bytes | None:
        """The newest TLS session, None without one."""
        room = create_string_buffer(0)
        while True:
            size: int = lib.smtpconn_options_take_tls_session(self.handle, room, len(room))
            if size <= len(room):
                return room.raw[:size] or None
            # Another, which is larger, may come before the next look.
            room = create_string_buffer(size)

    def _check(self, status: int) -> None:
        check(status, lib.smtpconn_options_last_error, self.handle)


def _calls(name: str, value: object, owner: Owner) -> tuple[str, Iterable[tuple[Any, ...]]]:
    if name in HOOKS:
        return HOOKS[name], CODE[name](value, name, owner)
    return name, [(CARRIERS[OPTIONS[name]](value, name),)]
