"""The C functions that report events and log lines."""

from __future__ import annotations

import itertools
import weakref
from typing import TYPE_CHECKING, Callable, Final, Protocol

from ._failure import read_error
from ._ffi import ErrorCallback, EventCallback, LogCallback, NewTokenCallback
from ._library import lib
from ._text import decode

if TYPE_CHECKING:
    from ._ffi import ConnHandle, ErrorHandle
    from ._loop import Loop
    from ._outcome import SMTPConnError

_tokens: Final = itertools.count(1)


class Listener(Protocol):
    """A connection, as its events see it."""

    @property
    def loop(self) -> Loop: ...

    def _connected(self) -> None: ...
    def _ended(self) -> None: ...
    def _broken(self, error: SMTPConnError | None) -> None: ...
    def _got_token(self, token: str, expires: int | None) -> None: ...
    def _logged(self, level: int, kind: int, text: bytes) -> None: ...


#: By token, which is the `user` of the C callbacks.  Weak: a connection that is dropped goes.
_connections: Final[weakref.WeakValueDictionary[int, Listener]] = weakref.WeakValueDictionary()


def attach(connection: Listener, handle: ConnHandle, *, with_log: bool) -> None:
    """Lets the library tell its events to `connection`."""
    token = next(_tokens)
    _connections[token] = connection
    lib.smtpconn_set_connect_callback(handle, _CONNECT, token)
    lib.smtpconn_set_error_callback(handle, _ERROR, token)
    lib.smtpconn_set_end_callback(handle, _END, token)
    lib.smtpconn_set_token_callback(handle, _NEW_TOKEN, token)
    if with_log:
        lib.smtpconn_set_log_callback(handle, _LOG, token)


def _tell(token: int, where: str, method: Callable[[Listener], object]) -> None:
    connection = _connections.get(token)
    if connection is None:
        return
    try:
        method(connection)
    except BaseException as error:
        connection.loop._failed(connection, error, where)


def _on_connect(_handle: ConnHandle, token: int) -> None:
    _tell(token, "on_connect", lambda connection: connection._connected())


def _on_end(_handle: ConnHandle, token: int) -> None:
    _tell(token, "on_end", lambda connection: connection._ended())


def _on_error(_handle: ConnHandle, error: ErrorHandle, token: int) -> None:
    _tell(token, "on_error", lambda connection: connection._broken(read_error(error)))


def _on_new_token(_handle: ConnHandle, text: bytes, expires: int, token: int) -> None:
    _tell(
        token, "on_token", lambda connection: connection._got_token(decode(text), expires or None)
    )


def _on_log(
    _handle: ConnHandle, level: int, kind: int, text: bytes, _length: int, token: int
) -> None:
    _tell(token, "the logger", lambda connection: connection._logged(level, kind, text))


#: One C function for all, alive as long as the module: the token tells them apart.
_CONNECT: Final = EventCallback(_on_connect)
_END: Final = EventCallback(_on_end)
_ERROR: Final = ErrorCallback(_on_error)
_NEW_TOKEN: Final = NewTokenCallback(_on_new_token)
_LOG: Final = LogCallback(_on_log)
