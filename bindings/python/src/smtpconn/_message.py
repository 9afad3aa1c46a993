"""The message: each Python type of message becomes a C object."""

from __future__ import annotations

import io
import os
import select
from array import array
from collections.abc import Iterable, Iterator, Mapping, Sequence, Set, ValuesView
from contextlib import contextmanager
from dataclasses import dataclass
from email.message import Message
from typing import TYPE_CHECKING, Any, Protocol, Union

from ._email import Offers, needs_smtputf8, serialise
from ._errors import MessageError, StreamError
from ._failure import system_error
from ._library import lib
from ._reading import Reading
from ._release import RELEASE, Octets, collect, forget, lend
from ._source import EMPTY, WRONG_PART, Chunk, Source, blocks, utf8

if TYPE_CHECKING:
    from ._ffi import MessageHandle


class Readable(Protocol):
    """The part of a file object that is used here."""

    def read(self, size: int, /) -> Union[bytes, str]: ...


#: Every type that can be sent.
MessageLike = Union[Chunk, Message, Readable, Iterable[Chunk]]


@dataclass
class OpenMessage:
    """A message object of the library, and what it is read from."""

    handle: MessageHandle
    #: The reading of the file or iterable, if it is one.
    reading: Reading | None = None
    #: Whether a header of a message of the email package has octets outside ASCII.
    utf8_header: bool = False


@contextmanager
def opened_message(
    message: MessageLike, offers: Offers, allow_empty: bool = False
) -> Iterator[OpenMessage]:
    """The C object, freed at the end; a send that has begun keeps what it needs."""
    opened = _open(message, offers, allow_empty)
    try:
        yield opened
    except BaseException:
        # Refused, with nothing read: it may be sent another time.  Unless a signal handler raised
        # when it had been started.
        if opened.reading is not None and not opened.reading.is_started:
            opened.reading.drop()
        raise
    finally:
        lib.smtpconn_message_free(opened.handle)
        collect()


def _open(message: MessageLike, offers: Offers, allow_empty: bool) -> OpenMessage:
    if isinstance(message, Message):
        octets = serialise(message, offers)
        if not octets.strip(b"\r\n"):  # Without header and body it is an empty line.
            _refuse_empty(allow_empty)
        opened = _from_octets(octets, allow_empty=True)
        opened.utf8_header = needs_smtputf8(message, octets)
        return opened
    if isinstance(message, str):
        return _from_octets(utf8(message), allow_empty)
    if isinstance(message, (bytes, bytearray, memoryview)):
        # bytes() copies the two mutable types, and returns bytes unchanged.
        return _from_octets(bytes(message), allow_empty)
    if hasattr(message, "read"):
        return _from_file(message, allow_empty)
    if isinstance(message, Iterable):
        return _from_iterable(message, allow_empty)
    raise TypeError(
        "message must be bytes, str, an email message, a file or an iterable of bytes or str, "
        f"not {type(message).__name__}"
    )


def _from_octets(octets: bytes, allow_empty: bool) -> OpenMessage:
    if not octets:
        _refuse_empty(allow_empty)
    token = lend(Octets(octets))
    handle = lib.smtpconn_message_new_borrowed(octets, len(octets), RELEASE, token)
    if not handle:
        forget(token)
        raise MemoryError("no memory for a message")
    return OpenMessage(handle)


def _from_iterable(message: Iterable[Chunk], allow_empty: bool) -> OpenMessage:
    # Iterating over one of these gives no text: keys, or parts in any order.
    if isinstance(message, (Mapping, Set)):
        raise TypeError(f"message must not be a {type(message).__name__}: its parts are no text")
    in_memory = isinstance(message, (Sequence, ValuesView, array))
    if in_memory:
        # These can be inspected before anything is sent, and begin again each time.
        for part in message:
            if not isinstance(part, (bytes, bytearray, memoryview, str)):
                raise TypeError(WRONG_PART.format(type(part).__name__))
        if not any(map(len, message)):
            _refuse_empty(allow_empty)
    chunks = iter(message)
    return _from_chunks(chunks, Reading(None if in_memory else chunks), allow_empty)


def _from_chunks(chunks: Iterator[Any], reading: Reading, allow_empty: bool) -> OpenMessage:
    source = Source(chunks, reading, allow_empty)
    token = lend(source)
    handle = lib.smtpconn_message_new_reader(source.callback, RELEASE, token)
    if not handle:
        forget(token)
        raise MemoryError("no memory for a message")
    return OpenMessage(handle, reading)


def _from_file(file: Any, allow_empty: bool) -> OpenMessage:
    if not getattr(file, "readable", _yes)():
        raise io.UnsupportedOperation("the file of the message is not open for reading")
    reading = Reading(file, _position(file))
    try:
        return _from_reading(file, reading, allow_empty)
    except BaseException:
        # The exception keeps this frame alive, and its handler may send the file again.
        reading.drop()
        raise


def _from_reading(file: Any, reading: Reading, allow_empty: bool) -> OpenMessage:
    position = reading.position
    descriptor = _plain_descriptor(file, position)
    if descriptor is None:
        if position is not None and not allow_empty:
            first = file.read(1)
            file.seek(position)
            if first is not None and not first:
                _refuse_empty(allow_empty)
        return _from_chunks(blocks(file.read), reading, allow_empty)
    if _at_end(descriptor, position):
        _refuse_empty(allow_empty)
    handle = lib.smtpconn_message_new_descriptor(descriptor)
    if not handle:
        raise system_error("the file of the message cannot be read", StreamError)
    # The library reads it, and does not report when it begins.
    reading.begun = True
    return OpenMessage(handle, reading)


def _refuse_empty(allow_empty: bool) -> None:
    if not allow_empty:
        raise MessageError(EMPTY)


def _yes() -> bool:
    """For a file without tell()."""
    return True


def _position(file: Any) -> Any:
    """The position of a file, for its seek(); None when it is not seekable."""
    try:
        movable = getattr(file, "seekable", _yes)() and hasattr(file, "seek")
        return file.tell() if movable else None
    except (AttributeError, OSError):  # No tell(), or not now: a text file in a `for` loop.
        return None


def _plain_descriptor(file: object, position: object) -> int | None:
    """The descriptor of a file whose octets are those of the descriptor, from its position on.

    Only the exact classes of open() are trusted: a GzipFile has a descriptor too, but of other
    octets.  A buffer that was read ahead has moved the descriptor on, so the positions must agree;
    without a position, as in a pipe, that cannot be known.
    """
    if type(file) is io.FileIO:
        return file.fileno()
    if type(file) is io.BufferedReader and type(file.raw) is io.FileIO and position is not None:
        descriptor = file.fileno()
        if os.lseek(descriptor, 0, os.SEEK_CUR) == position:
            return descriptor
    return None


def _at_end(descriptor: int, position: int | None) -> bool:
    """Whether the file is at its end, as far as that is known before reading."""
    if position is not None:
        return not os.pread(descriptor, 1, position)
    poll = select.poll()
    poll.register(descriptor, select.POLLIN)
    events = dict(poll.poll(0)).get(descriptor, 0)
    return events & select.POLLHUP != 0 and events & select.POLLIN == 0
