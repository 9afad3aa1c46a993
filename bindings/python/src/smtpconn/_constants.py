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
    """Whether an operation that failed may be tried again."""

    #: A retry would fail in the same way.
    NO = 0
    #: Nothing was delivered; a retry may work.  After a send, EnvelopeError and MessageError
    #: mean that the server refused the message for now, so wait; any other error that nothing
    #: was decided about it.
    SAFE = 1
    #: The message is in doubt: a retry may deliver it twice.
    UNKNOWN = 2


class Chunking(IntEnum):
    """How content is sent to a server that offers CHUNKING (RFC 3030)."""

    #: With DATA, line by line.
    OFF = 0
    #: In counted chunks, after at least one recipient was accepted.
    ON = 1
    #: Small messages in memory are sent together with their envelopes, several at a time.
    OPTIMISTIC = 2


class AddressFamily(IntEnum):
    """Which addresses are used."""

    ANY = 0
    IPV4 = 1
    IPV6 = 2


class Stage(IntEnum):
    """The stage of a connection."""

    #: `connect()` was not called yet.
    NEW = 0
    #: From name resolution to the reply to EHLO.
    CONNECTING = 1
    #: Established.
    CONNECTED = 2
    #: `quit()` was called: nothing can be started.
    QUITTING = 3
    #: Ended, for any reason.
    CLOSED = 4


class RecipientStatus(IntEnum):
    """The result for a recipient."""

    #: Accepted, and the message too.
    ACCEPTED = 0
    #: Refused for now (4xx).
    DEFERRED = 1
    #: Refused for good (5xx).
    REJECTED = 2
    #: Not delivered, and not refused.
    NOT_TRIED = 3
    #: The connection was lost after the end of the message was sent.
    UNKNOWN = 4


class LogLevel(IntEnum):
    """The severity of a log line."""

    DEBUG = 0
    INFO = 1
    WARNING = 2
    ERROR = 3


class LogKind(IntEnum):
    """What a log line is about; records have it as `smtpconn_kind`."""

    NETWORK = 0
    TLS = 1
    SMTP = 2
    CLIENT = 3
    SERVER = 4
    MESSAGE = 5


READ_END: Final = 0
READ_ERROR: Final = -1
READ_PAUSE: Final = -2
