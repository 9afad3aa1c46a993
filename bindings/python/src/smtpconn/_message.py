"""The message: whatever Python calls one becomes a C object."""

from __future__ import annotations

import io
import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from email.message import Message
from typing import TYPE_CHECKING, Any, Protocol, Union

from ._email import serialise
from ._errors import MessageError, StreamError
from ._failure import system_error
from ._library import lib
from ._release import RELEASE, Octets, collect, forget, lend
from ._source import Source, blocks

if TYPE_CHECKING:
    from ._ffi import MessageHandle
    from ._source import Chunk

    class Readable(Protocol):
        """A file, binary or text, as far as it matters here."""

        def read(self, size: int, /) -> bytes | str: ...

    MessageLike = Union[Chunk, "Message[Any, Any]", Readable, Iterable[Chunk]]


@dataclass
class OpenMessage:
    """A message object of the library, and what it is read from."""

    handle: MessageHandle
    #: The Python code that provides it, if there is some.
    source: Source | None = None


@contextmanager
def opened_message(message: MessageLike, *, allow_8bit: bool = True) -> Iterator[OpenMessage]:
    """The C object, freed at the end; a send that has begun keeps what it needs."""
    opened = _open(message, allow_8bit)
    try:
        yield opened
    finally:
        lib.smtpconn_message_free(opened.handle)
        collect()


def _open(message: MessageLike, allow_8bit: bool) -> OpenMessage:
    if isinstance(message, Message):
        return _from_octets(serialise(message, allow_8bit=allow_8bit))
    if isinstance(message, str):
        return _from_octets(_utf8(message))
    if isinstance(message, (bytes, bytearray, memoryview)):
        # bytes() copies the two that may change, and returns the first as it is.
        return _from_octets(bytes(message))
    if not getattr(message, "readable", _yes)():
        raise io.UnsupportedOperation("the file of the message is not open for reading")
    descriptor = _plain_descriptor(message)
    if descriptor is not None:
        return _from_descriptor(descriptor)
    if hasattr(message, "read"):
        return _from_chunks(blocks(message.read))
    if isinstance(message, Iterable):
        return _from_chunks(message)
    raise TypeError(
        "message must be bytes, str, an email message, a file or an iterable of bytes or str, "
        f"not {type(message).__name__}"
    )


def _yes() -> bool:
    """For a file that does not tell."""
    return True


def _utf8(text: str) -> bytes:
    try:
        return text.encode("utf-8")
    except UnicodeEncodeError as error:
        raise MessageError(f"the message has no form in UTF-8: {error}") from error


def _from_octets(octets: bytes) -> OpenMessage:
    token = lend(Octets(octets))
    handle = lib.smtpconn_message_new_borrowed(octets, len(octets), RELEASE, token)
    if not handle:
        forget(token)
        raise MemoryError("no memory for a message")
    return OpenMessage(handle)


def _from_chunks(chunks: Iterable[Any]) -> OpenMessage:
    source = Source(chunks)
    token = lend(source)
    handle = lib.smtpconn_message_new_reader(source.callback, RELEASE, token)
    if not handle:
        forget(token)
        raise MemoryError("no memory for a message")
    return OpenMessage(handle, source=source)


def _from_descriptor(descriptor: int) -> OpenMessage:
    handle = lib.smtpconn_message_new_descriptor(descriptor)
    if not handle:
        raise system_error("the file of the message cannot be read", StreamError)
    return OpenMessage(handle)


def _plain_descriptor(message: object) -> int | None:
    """The descriptor of a file whose octets are those of the descriptor, from where it stands.

    Only the exact classes of open() are trusted: a GzipFile has a descriptor too, but of other
    octets.  A buffer that was read ahead has moved the descriptor on, so the positions must agree;
    where there is no position, as in a pipe, nobody can tell.
    """
    if type(message) is io.FileIO:
        return message.fileno()
    if type(message) is io.BufferedReader and type(message.raw) is io.FileIO:
        descriptor = message.fileno()
        if message.seekable() and os.lseek(descriptor, 0, os.SEEK_CUR) == message.tell():
            return descriptor
    return None
