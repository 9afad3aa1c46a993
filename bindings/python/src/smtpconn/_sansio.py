"""A connection without a socket: the program moves the octets, and says what time it is."""

from __future__ import annotations

import ctypes
import threading
import time
import weakref
from types import TracebackType
from typing import Any, Callable, Final, Optional, TypeVar, Union

from ._connection import Connection
from ._errors import StateError
from ._failure import check
from ._ffi import ConnHandle, LoopHandle, OptionsHandle
from ._library import lib
from ._loop import Loop
from ._operation import Operation
from ._release import collect

Own = TypeVar("Own", bound="SansIOConnection")

Octets = Union[bytes, bytearray, memoryview]

#: UINT64_MAX of the library: there is no deadline.
_NEVER: Final = 2**64 - 1

_REFUSAL: Final = (
    "a connection without a socket does not wait: use start_..., and feed, take and tick"
)


class _Source:
    """A connection, as its records are fetched."""

    def __init__(self, connection: SansIOConnection) -> None:
        self._connection = weakref.ref(connection)

    @property
    def handle(self) -> Optional[ConnHandle]:
        connection = self._connection()
        return None if connection is None else connection._handle


class NoLoop(Loop):
    """In the place of a loop: what is pending, and who may call the library."""

    _is_real = False

    def fileno(self) -> int:
        raise StateError(_REFUSAL)

    def timeout(self) -> Optional[float]:
        raise StateError(_REFUSAL)

    def run(self) -> bool:
        raise StateError(_REFUSAL)

    def run_once(self, timeout: Optional[float] = None) -> bool:
        raise StateError(_REFUSAL)

    def dispatch(self) -> bool:
        raise StateError(_REFUSAL)

    #: Has the records, as there is no loop in the library.
    _source: Optional[_Source] = None

    def _fetch(self) -> None:
        if self._source is not None:
            take = lib.smtpconn_take_records
            self._inbox.fetch(take, self._source, self._opened, self._delivery.items)


class SansIOConnection(Connection):
    """A connection without a socket, for a program that moves the octets itself: in its own event
    loop, through a tunnel, or in a test.

    It opens no descriptor, starts no thread and waits for nothing.  The options are those of
    `Connection`, but for those that say how to connect, which are refused.  The methods that wait
    raise StateError: use `start_connect`, `start_login`, `start_send`, `start_reset`, `start_quit`.
    Callbacks run in `feed`, `feed_end`, `take` and `tick`, which raise what they raised.

        connection.feed(octets)              # came from the server
        while connection.wants_take:
            transport.write(connection.take())
        timer.set(connection.deadline)       # then: connection.tick()

    `now` is in seconds, on a clock that does not jump.  Its default is `time.monotonic()`; a
    program that gives it must give it always.
    """

    _no_options = ("dns_timeout",)

    def _loop_for(self, loop: Optional[Loop]) -> Loop:
        if loop is not None:
            raise TypeError("a connection without a socket has no loop: leave it out")
        own = NoLoop()
        own._source = _Source(self)
        return own

    def _new(self, options: OptionsHandle, loop: Optional[LoopHandle]) -> Any:
        return lib.smtpconn_new_without_socket(options)

    def _free(self) -> None:
        # Its records go with it: they are fetched before.  Not possible inside of the library.
        self._loop._core.turns += 1
        lib.smtpconn_close(self._handle)
        lib.smtpconn_tick(self._handle, 0)
        self._loop._fetch()
        super()._free()

    def _wait(self, start: Callable[[], Operation], decisive: tuple[str, ...] = ()) -> Operation:
        raise StateError(_REFUSAL)

    # Moving octets

    #: Octets that the library could not read yet, and octets to send that an exception was in the
    #: way of.
    _unread = b""
    _untaken = b""
    #: For `take`.
    _room: Optional[ctypes.Array[ctypes.c_char]] = None

    def feed(self, octets: Octets, now: Optional[float] = None) -> None:
        """The server has sent these octets.

        What the library cannot read before octets were taken is kept until then.
        """
        self._unread += bytes(octets)
        self._step(self._feed, now)

    def feed_end(self, error: int = 0, now: Optional[float] = None) -> None:
        """The server has closed; or the connection was lost, with this number of errno.

        StateError for a number with which a call is only to be repeated, such as EAGAIN.
        """
        self._step(
            lambda handle, time: check(
                lib.smtpconn_feed_end(handle, error, time), lib.smtpconn_last_error, handle
            ),
            now,
        )

    def take(self, most: int = 65536, now: Optional[float] = None) -> bytes:
        """Up to `most` octets that are to be sent.  They count as sent from then on: pass on all.

        Empty when there are none now; that does not mean that `wants_take` is False then.
        """
        if most < 0:
            raise ValueError(f"most must not be negative: {most}")
        if self._untaken:
            return self._give(most)

        def take(handle: ConnHandle, time: int) -> None:
            buffer = self._room
            if buffer is None or len(buffer) < most:
                buffer = self._room = ctypes.create_string_buffer(most)
            count = lib.smtpconn_take(handle, buffer, most, time)
            check(count, lib.smtpconn_last_error, handle)
            self._untaken = ctypes.string_at(buffer, count)
            # There may have been a password.
            ctypes.memset(buffer, 0, count)
            # A callback may have closed the connection.
            if self._unread and self._handle is not None:
                self._feed(handle, time)

        # When a callback raises, they are taken with the next call.
        self._step(take, now)
        return self._give(most)

    def tick(self, now: Optional[float] = None) -> bool:
        """It is `now`.  True while operations are pending."""
        self._step(lambda handle, time: None, now)
        return bool(self._loop._pending)

    @property
    def wants_take(self) -> bool:
        """Whether `take` has something to do."""
        return bool(self._untaken) or self._flag(lib.smtpconn_wants_take)

    @property
    def deadline(self) -> Optional[float]:
        """When `tick` is to be called if nothing else was called before, in seconds on the clock of
        `now`; None for never."""
        milliseconds: int = self._ask(lib.smtpconn_deadline)
        return None if milliseconds == _NEVER else milliseconds / 1000

    def _give(self, most: int) -> bytes:
        given, self._untaken = self._untaken[:most], self._untaken[most:]
        return given

    def _feed(self, handle: ConnHandle, time: int) -> None:
        octets, self._unread = self._unread, b""
        count = lib.smtpconn_feed(handle, octets, len(octets), time)
        check(count, lib.smtpconn_last_error, handle)
        self._unread = octets[count:]

    def _step(self, step: Callable[[ConnHandle, int], None], now: Optional[float]) -> None:
        core, delivery = self._loop._core, self._loop._delivery
        milliseconds = max(0, round((time.monotonic() if now is None else now) * 1000))
        self._check()
        thread = threading.get_ident()
        if delivery.is_here or core.dispatcher == thread:
            raise StateError("this was called inside of a callback")
        try:
            core.dispatcher = thread
            core.turns += 1
            handle = self._handle
            assert handle is not None
            step(handle, milliseconds)
            # A function of the program may have closed the connection.
            lib.smtpconn_tick(self._handle, milliseconds)
            self._loop._fetch()
        finally:
            core.dispatcher = 0
            core.turns += 1
        core.dig()
        try:
            delivery.deliver()
            delivery.raise_fatal()
        finally:
            collect(self._loop)
        delivery.raise_failures()

    # Python's own

    def __enter__(self: Own) -> Own:
        """It is closed at the end, without QUIT."""
        return self

    def __exit__(
        self,
        kind: Optional[type[BaseException]],
        error: Optional[BaseException],
        traceback: Optional[TracebackType],
    ) -> None:
        self.close()
