"""The C functions that report events and log lines."""

from __future__ import annotations

import itertools
import weakref
from typing import TYPE_CHECKING, Callable, Final, Protocol

from ._delivery import Call
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

    # Each records the event, and says whom to tell.
    def _connected(self) -> Call | None: ...
    def _ended(self, number: int) -> Call | None: ...
    def _broken(self, error: SMTPConnError | None) -> Call | None: ...
    def _got_token(self, token: str, expires: int | None) -> Call | None: ...
    def _logged(self, level: int, kind: int, text: bytes) -> Call | None: ...


class Event:
    """Something that happened to a connection."""

    def __init__(
        self, connection: Listener, method: Callable[[Event], Call | None], counts: bool = True
    ) -> None:
        self.connection: object = connection
        self.counts = counts
        #: Unlike that of any other event.
        self.number: Final = next(_tokens)
        self._method = method

    def prepare(self) -> Call | None:
        return self._method(self)


#: By token, which is the `user` of the C callbacks.  Weak: a connection that is dropped goes.
_connections: Final[dict[int, weakref.ref[Listener]]] = {}


def attach(connection: Listener, handle: ConnHandle, *, with_log: bool) -> int:
    """Lets the library tell its events to `connection`; the number is for `detach`."""
    token = next(_tokens)
    _connections[token] = weakref.ref(connection)
    lib.smtpconn_set_connect_callback(handle, _CONNECT, token)
    lib.smtpconn_set_error_callback(handle, _ERROR, token)
    lib.smtpconn_set_end_callback(handle, _END, token)
    lib.smtpconn_set_token_callback(handle, _NEW_TOKEN, token)
    if with_log:
        lib.smtpconn_set_log_callback(handle, _LOG, token)
    return token


def detach(token: int) -> None:
    _connections.pop(token, None)


def _note(
    token: int, method: Callable[[Listener, Event], Call | None], *, counts: bool = True
) -> None:
    reference = _connections.get(token)
    connection = None if reference is None else reference()
    if connection is not None:
        event = Event(connection, lambda event: method(connection, event), counts)
        connection.loop._delivery.items.append(event)


def _on_connect(_handle: ConnHandle, token: int) -> None:
    _note(token, lambda connection, _: connection._connected())


def _on_end(_handle: ConnHandle, token: int) -> None:
    _note(token, lambda connection, event: connection._ended(event.number))


def _on_error(_handle: ConnHandle, error: ErrorHandle, token: int) -> None:
    copy = read_error(error)
    _note(token, lambda connection, _: connection._broken(copy))


def _on_new_token(_handle: ConnHandle, text: bytes, expires: int, token: int) -> None:
    _note(token, lambda connection, _: connection._got_token(decode(text), expires or None))


def _on_log(
    _handle: ConnHandle, level: int, kind: int, text: bytes, _length: int, token: int
) -> None:
    _note(token, lambda connection, _: connection._logged(level, kind, text), counts=False)


#: One C function for all, alive as long as the module: the token tells them apart.
_CONNECT: Final = EventCallback(_on_connect)
_END: Final = EventCallback(_on_end)
_ERROR: Final = ErrorCallback(_on_error)
_NEW_TOKEN: Final = NewTokenCallback(_on_new_token)
_LOG: Final = LogCallback(_on_log)
