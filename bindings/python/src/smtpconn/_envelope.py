"""The envelope: who sends to whom."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ._errors import EnvelopeError
from ._failure import check
from ._library import lib
from ._text import encode

if TYPE_CHECKING:
    from ._ffi import EnvelopeHandle


@dataclass
class Envelope:
    """Sender and recipients of a message, apart from what its header says.

    `from_addr` is a mailbox; None or "" is the null reverse-path of a bounce.  `to_addrs` is one
    mailbox or any number of them.  `size` is the expected size, compared with the server's limit
    before anything is sent.  `use_8bitmime` announces 8-bit content; None announces it when the
    message is in memory and holds some.
    """

    from_addr: str | None
    to_addrs: str | Iterable[str]
    size: int | None = None
    use_8bitmime: bool | None = None

    def recipients(self) -> list[str]:
        return [self.to_addrs] if isinstance(self.to_addrs, str) else list(self.to_addrs)


@contextmanager
def opened_envelope(envelope: Envelope, has_8bit: bool) -> Iterator[EnvelopeHandle]:
    """The C object, freed at the end.  `has_8bit`: what is known about the message."""
    handle = lib.smtpconn_envelope_new()
    if not handle:
        raise MemoryError("no memory for an envelope")
    try:
        _fill(handle, envelope, has_8bit)
        yield handle
    finally:
        lib.smtpconn_envelope_free(handle)


def _fill(handle: EnvelopeHandle, envelope: Envelope, has_8bit: bool) -> None:
    def accepted(status: int) -> None:
        check(status, lib.smtpconn_envelope_last_error, handle)

    sender = "" if envelope.from_addr is None else envelope.from_addr
    accepted(lib.smtpconn_envelope_set_from(handle, encode(sender, "from_addr", EnvelopeError)))
    for index, recipient in enumerate(envelope.recipients()):
        mailbox = encode(recipient, f"to_addrs[{index}]", EnvelopeError)
        accepted(lib.smtpconn_envelope_add_to(handle, mailbox))
    if envelope.size is not None:
        if not 0 <= envelope.size < 2**64:
            raise EnvelopeError(f"size is out of range: {envelope.size}")
        accepted(lib.smtpconn_envelope_set_size(handle, envelope.size))
    announce = has_8bit if envelope.use_8bitmime is None else envelope.use_8bitmime
    accepted(lib.smtpconn_envelope_set_use_8bitmime(handle, int(announce)))
