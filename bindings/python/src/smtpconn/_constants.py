"""The numbers of <smtpconn.h>; tests/test_ffi.py compares them with the header."""

from __future__ import annotations

from enum import IntEnum
from typing import Final


class ErrorCode(IntEnum):
    """`SMTPConnError.code`: stable numbers, whose names are those of the library."""

    OK = 0
    EDNS = -1
    ECONNECTION = -2
    ESOCKET = -3
    ETIMEDOUT = -4
    ETLS = -5
    EREQUIRETLS = -6
    EPROTOCOL = -7
    EENVELOPE = -8
    EMESSAGE = -9
    ESTREAM = -10
    EAUTH = -11
    EOAUTH2 = -12
    EPROXY = -13
    EOPTIONS = -14
    ESTATE = -15
    ECANCELLED = -16


class Retry(IntEnum):
    """What may be done after a failure."""

    #: The same again would fail the same way.
    NO = 0
    #: Nothing was delivered; a later try may work.  After a send, EnvelopeError and MessageError
    #: mean that the server refused the message for now, so wait; any other error that nothing
    #: was decided about it.
    SAFE = 1
    #: It may have been delivered: a retry may deliver it twice.
    UNKNOWN = 2


class Chunking(IntEnum):
    """How content travels to a server that offers CHUNKING (RFC 3030)."""

    #: With DATA, line by line.
    OFF = 0
    #: In counted chunks, when at least one recipient was accepted.
    ON = 1
    #: Small messages in memory leave together with their envelopes, several at a time.
    OPTIMISTIC = 2


class Stage(IntEnum):
    """How far a connection is."""

    #: `connect()` was not called yet.
    NEW = 0
    #: From name resolution to the reply to EHLO.
    CONNECTING = 1
    #: Established.
    CONNECTED = 2
    #: `quit()` was called: nothing can follow.
    QUITTING = 3
    #: Over, for whatever reason.
    CLOSED = 4


class RecipientStatus(IntEnum):
    """What became of a recipient."""

    #: Accepted, and so was the message.
    ACCEPTED = 0
    #: Refused for now (4xx).
    DEFERRED = 1
    #: Refused for good (5xx).
    REJECTED = 2
    #: Nothing was delivered, nobody refused it.
    NOT_TRIED = 3
    #: The connection was lost after the end of the message was sent.
    UNKNOWN = 4


class LogLevel(IntEnum):
    """How much a line of the log matters."""

    DEBUG = 0
    INFO = 1
    WARNING = 2
    ERROR = 3


class LogKind(IntEnum):
    """What a line of the log is about; records carry it as `smtpconn_kind`."""

    NETWORK = 0
    TLS = 1
    SMTP = 2
    CLIENT = 3
    SERVER = 4
    MESSAGE = 5


READ_END: Final = 0
READ_ERROR: Final = -1
READ_PAUSE: Final = -2
