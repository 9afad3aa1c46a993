"""Events of connections, and lines of their logs."""

from __future__ import annotations

import itertools
import weakref
from typing import TYPE_CHECKING, Final, Protocol

from . import _keep
from ._delivery import Call
from ._library import lib
from ._result import (
    CONNECTED,
    ENDED,
    ERROR,
    LOG,
    PROGRESS,
    read_failure,
    read_log,
    read_progress,
    read_token,
)

if TYPE_CHECKING:
    from ._ffi import ConnHandle
    from ._outcome import SMTPConnError

_tokens: Final = itertools.count(1)


class Listener(Protocol):
    """A connection, as its events see it."""

    # Each records the event, and says whom to tell.
    def _connected(self) -> Call | None: ...
    def _ended(self, number: int) -> Call | None: ...
    def _broken(self, error: SMTPConnError | None) -> Call | None: ...
    def _got_token(self, token: str, expires: int | None) -> Call | None: ...
    def _progressed(self, sent: int, total: int | None) -> Call | None: ...
    def _logged(self, level: int, kind: int, text: bytes, dropped: int) -> Call | None: ...


class Event:
    """Something that happened to a connection; without a record, its end."""

    __slots__ = ("_kind", "_listener", "_number", "_record", "connection", "counts")

    def __init__(self, listener: Listener, kind: int, record: bytes = b"") -> None:
        self.connection: object = listener
        self.counts = kind != LOG
        #: Unlike that of any other event.
        self._number = next(_tokens)
        self._listener = listener
        self._kind = kind
        self._record = record

    def prepare(self) -> Call | None:
        listener, kind, record = self._listener, self._kind, self._record
        if kind == LOG:
            return listener._logged(*read_log(record))
        if kind == CONNECTED:
            return listener._connected()
        if kind == ENDED:
            return listener._ended(self._number)
        if kind == ERROR:
            return listener._broken(read_failure(record))
        if kind == PROGRESS:
            return listener._progressed(*read_progress(record))
        return listener._got_token(*read_token(record))


#: By token, which is the `user` of the records.  Weak: a connection that is dropped goes.
_connections: Final[dict[int, weakref.ref[Listener]]] = {}


def attach(connection: Listener, handle: ConnHandle, *, with_log: bool) -> int:
    """Lets the library keep the events of `connection`; the number is for `detach`."""
    token = next(_tokens)
    _connections[token] = weakref.ref(connection)
    lib.smtpconn_set_connect_callback(handle, _keep.CONNECTED, token)
    lib.smtpconn_set_error_callback(handle, _keep.BROKEN, token)
    lib.smtpconn_set_end_callback(handle, _keep.ENDED, token)
    lib.smtpconn_set_token_callback(handle, _keep.GOT_TOKEN, token)
    if with_log:
        lib.smtpconn_set_log_callback(handle, _keep.LOGGED, token)
    return token


def watch_progress(handle: ConnHandle, token: int, *, wanted: bool) -> None:
    """Without a handler nothing is counted."""
    callback = _keep.PROGRESSED if wanted else _keep.NO_PROGRESS
    lib.smtpconn_set_progress_callback(handle, callback, token)


def detach(token: int) -> None:
    _connections.pop(token, None)


def opened_event(kind: int, token: int, record: bytes) -> Event | None:
    """None when the connection was dropped."""
    reference = _connections.get(token)
    listener = None if reference is None else reference()
    return None if listener is None else Event(listener, kind, record)
