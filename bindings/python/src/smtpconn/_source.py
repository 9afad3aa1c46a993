"""A message that Python code provides while it is sent."""

from __future__ import annotations

import inspect
from collections.abc import Generator, Iterator
from ctypes import CFUNCTYPE, Structure, c_size_t, c_ssize_t, c_void_p, cast, memmove
from typing import TYPE_CHECKING, Any, Callable, Final, Union

from ._constants import READ_END, READ_ERROR, READ_PAUSE
from ._errors import MessageError
from ._ffi import ReadCallback
from ._release import is_returned
from ._report import report

if TYPE_CHECKING:
    from ._reading import Reading

#: A part of a message.
Chunk = Union[bytes, bytearray, memoryview, str]

#: Octets asked of a file at a time.
BLOCK: Final = 64 * 1024


class _Request(Structure):
    """The first two arguments of the read callback, taken as one.  See Source."""

    _fields_ = (("buffer", c_void_p), ("capacity", c_size_t))
    buffer: int
    capacity: int


_EntryCallback = CFUNCTYPE(c_ssize_t, _Request)

WRONG_PART: Final = "a part of a message must be bytes or str, not {}"
EMPTY: Final = "the message is empty: give allow_empty=True when that is meant"

#: No chunk: an iterator may yield None by mistake, which must not end the message.
_END: Final[Any] = object()

#: What an iterator of this package gives when it has nothing now: smtpconn_resume goes on.
PAUSED: Final[Any] = object()


class Source:
    """The read callback of one message, over an iterator of chunks.

    The callback must survive a signal handler that raises, as Ctrl-C does.  Python runs handlers
    on the first instruction of a function, before any `try` in it, also when C called it: ctypes
    then prints the exception and returns whatever was in memory, and the library would take
    that for a number of octets.  A generator is resumed inside of its `try`, so nothing slips
    past.  Its send() takes a single argument; the calling conventions of 64-bit Linux pass a
    structure of two words exactly as two words, and `user`, which comes third, is not needed.
    """

    def __init__(self, chunks: Iterator[Chunk], reading: Reading, allow_empty: bool) -> None:
        self._chunks = chunks
        self._reading = reading
        self._allow_empty = allow_empty
        self._chunk = b""
        self._taken = 0  # How much of the chunk was passed to the library.
        self._released = False
        self._server = self._serve()
        next(self._server)
        self._entry = _EntryCallback(self._server.send)
        self.callback = cast(self._entry, ReadCallback)

    def _serve(self) -> Generator[int, _Request, None]:
        answer = READ_END
        filling = False
        try:
            while True:
                request = yield answer
                filling = True
                answer = self._fill(request.buffer, request.capacity)
                filling = False
        except GeneratorExit as error:
            if not filling:
                return  # This generator is no longer needed; else the iterator raised it.
            self._reading.failure = error
        except BaseException as error:
            self._reading.failure = error
        while True:
            yield READ_ERROR

    def _fill(self, buffer: int, capacity: int) -> int:
        self._reading.begun = True
        filled = 0
        while filled < capacity:
            if self._taken == len(self._chunk):
                chunk = next(self._chunks, _END)
                if self._released or is_returned(self):
                    # The iterator closed the connection, and `buffer` may be gone with it.
                    return READ_ERROR
                if chunk is _END:
                    if not self._allow_empty:
                        raise MessageError(EMPTY)
                    break
                if chunk is PAUSED:
                    return filled or READ_PAUSE
                self._chunk, self._taken = octets_of(chunk), 0
            part = self._chunk[self._taken : self._taken + capacity - filled]
            memmove(buffer + filled, part, len(part))
            self._taken += len(part)
            filled += len(part)
            self._allow_empty = self._allow_empty or filled > 0
        return filled or READ_END

    def belongs(self, loop: object) -> bool:
        operation = None if self._reading.operation is None else self._reading.operation()
        return operation is None or operation.loop is loop

    def released(self) -> bool:
        self._released = True
        if self.running:
            return False  # The C function that runs it is part of this object.
        self._reading.drop_unreported()
        self._close()
        del self._entry, self.callback  # They hold this object, and it holds them.
        return True

    @property
    def running(self) -> bool:
        return inspect.getgeneratorstate(self._server) == inspect.GEN_RUNNING

    def _close(self) -> None:
        """Ends an iterator that was not read to its end; one that was not begun is left alone."""
        close = getattr(self._chunks, "close", None)
        if self._reading.begun and close is not None:
            try:
                close()
            except Exception as error:
                # Too late to be the reason of anything: the message was sent, or it was not.
                report(error, "close() of the source")
            except BaseException as error:
                self._reading.failure = self._reading.failure or error


def octets_of(chunk: object) -> bytes:
    """Those of one part of a message."""
    if isinstance(chunk, bytes):
        return chunk
    if isinstance(chunk, str):
        return utf8(chunk)
    if isinstance(chunk, (bytearray, memoryview)):
        return bytes(chunk)
    raise TypeError(WRONG_PART.format(type(chunk).__name__))


def utf8(text: str) -> bytes:
    try:
        return text.encode("utf-8")
    except UnicodeEncodeError as error:
        reason = str(error)
    # Here, so that the context of the exception is left to the error of the send.
    raise MessageError(f"the message has no form in UTF-8: {reason}")


def blocks(read: Callable[[int], object]) -> Iterator[Any]:
    """The blocks of a file, until read() returns nothing."""
    while True:
        block = read(BLOCK)
        if block is None:
            raise BlockingIOError("the file of the message is non-blocking and has nothing now")
        if not block:
            return
        yield block
