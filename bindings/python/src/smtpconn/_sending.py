"""What a send takes: an envelope and a message, which depend on each other and on the server."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from email.message import Message
from typing import TYPE_CHECKING

from ._email import Offers
from ._envelope import Envelope, check_envelope, opened_envelope
from ._message import opened_message

if TYPE_CHECKING:
    from ._driven import DrivenConnection
    from ._ffi import EnvelopeHandle
    from ._message import MessageLike, OpenMessage


@contextmanager
def opened_send(
    connection: DrivenConnection, envelope: Envelope, message: MessageLike
) -> Iterator[tuple[EnvelopeHandle, OpenMessage]]:
    """The C objects of both, freed at the end."""
    check_envelope(envelope)
    # Only those have more than one form: the others must not pay for the questions.
    offers = _offers(connection) if isinstance(message, Message) else Offers()
    with opened_message(message, offers, envelope.allow_empty) as opened:
        if opened.utf8_header:
            # Nobody may get such a header who did not offer to read it (RFC 6531 section 3.2).
            envelope = replace(envelope, use_smtputf8=True)
        with opened_envelope(envelope) as handle:
            yield handle, opened


def _offers(connection: DrivenConnection) -> Offers:
    """What the server is known to take when the message leaves."""
    if not connection.is_open or connection._awaits_hello():
        return Offers()
    has = connection.has_capability
    return Offers(True, eight_bit=has("8BITMIME"), utf8=has("SMTPUTF8"))
