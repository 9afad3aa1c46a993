"""A connection, or a whole delivery, in one call."""

from __future__ import annotations

from dataclasses import replace
from email.message import Message
from typing import Optional

from ._addresses import derive_envelope
from ._connection import Connection, ConnectionKeywords
from ._envelope import DSN, Envelope, Recipients
from ._message import MessageLike
from ._outcome import Result
from ._target import target_of
from ._unpack import Unpack


def connect(url: str, **options: Unpack[ConnectionKeywords]) -> Connection:
    """Connects to the server that a URL names, and logs in when a user is given.

    `with smtpconn.connect("smtps://ann@mail.example.org", password=...) as connection:` quits at
    the end.  The connection is closed when the login fails.

    The URL and the keywords are those of `Connection.from_url`; errors are those of `connect` and
    `login`, and an OptionsError for a URL that is wrong.
    """
    connection = Connection.from_url(url, **options)
    try:
        connection.connect()
    except BaseException:
        connection.close()
        raise
    return connection


def send(
    message: MessageLike,
    *,
    url: Optional[str] = None,
    from_addr: Optional[str] = None,
    to_addrs: Optional[Recipients] = None,
    dsn: Optional[DSN] = None,
    envelope: Optional[Envelope] = None,
    **options: Unpack[ConnectionKeywords],
) -> Result:
    """Sends one message: connects, logs in when a user is given, sends, quits.

    The server is `host=` and `port=`, or `url=`; the keywords are those of `Connection.from_url`.
    TLS is used as the options say: STARTTLS where it is offered, required with `require_tls`.

    Sender and recipients are those of the header of a message of the email package, unless
    `from_addr` or `to_addrs` is given; any other message needs both.  `envelope` is instead of
    these three, for everything else that an envelope may say.

    Returns the result, or raises, as `Connection.send` does: look at its `rejected`.  To send
    several messages, keep a `Connection`.
    """
    wanted = envelope_of(message, from_addr, to_addrs, dsn, envelope)
    with Connection._to(target_of(url, options)) as connection:
        return connection.send(wanted, message)


def envelope_of(
    message: MessageLike,
    from_addr: Optional[str],
    to_addrs: Optional[Recipients],
    dsn: Optional[DSN],
    envelope: Optional[Envelope],
) -> Envelope:
    """The envelope of the arguments of `send`."""
    if envelope is not None:
        if from_addr is not None or to_addrs is not None or dsn is not None:
            raise TypeError("send() takes an envelope, or from_addr, to_addrs and dsn, not both")
        return envelope
    if isinstance(message, Message):
        return replace(derive_envelope(message, from_addr, to_addrs), dsn=dsn)
    if from_addr is None or to_addrs is None:
        missing = "from_addr" if from_addr is None else "to_addrs"
        raise TypeError(f"send() needs {missing}: only a message of the email package names it")
    return Envelope(from_addr, to_addrs, dsn=dsn)
