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
    ECOMMAND = -17
    EFULL = -18


class FailureKind(IntEnum):
    """`SMTPConnError.kind`: why something failed, more precise than its code.

    The names and numbers are those of `enum smtpconn_kind`; docs/errors.md says what each means,
    and what to do.
    """

    NONE = 0
    DNS_NOT_FOUND = 101
    DNS_FAILED = 102
    CONNECT_REFUSED = 103
    UNREACHABLE = 104
    LOCAL_ADDRESS = 105
    CONNECTION_LOST = 106
    TIMEOUT_DNS = 107
    TIMEOUT_CONNECTION = 108
    TIMEOUT_GREETING = 109
    TIMEOUT_SOCKET = 110
    TIMEOUT_COMMAND = 111
    TIMEOUT_FINAL_REPLY = 112
    TIMEOUT_OPERATION = 113
    PROXY_REFUSED = 201
    PROXY_LOGIN = 202
    PROXY_UNREACHABLE = 203
    PROXY_PROTOCOL = 204
    TLS_NAME = 301
    TLS_EXPIRED = 302
    TLS_NOT_YET_VALID = 303
    TLS_SELF_SIGNED = 304
    TLS_UNKNOWN_ISSUER = 305
    TLS_REVOKED = 306
    TLS_CRL = 307
    TLS_OCSP = 308
    TLS_PIN = 309
    TLS_DANE = 310
    TLS_WEAK_KEY = 311
    TLS_UNTRUSTED = 312
    TLS_PLAIN_TEXT = 313
    TLS_UNEXPECTED = 314
    TLS_VERSION = 315
    TLS_CIPHER = 316
    TLS_CLOSED = 317
    TLS_NOT_OFFERED = 318
    TLS_REFUSED = 319
    TLS_INJECTED = 320
    TLS_CLIENT_CERTIFICATE = 321
    TLS_SETUP = 322
    TLS_FAILED = 323
    LOGIN_CREDENTIALS = 401
    LOGIN_APP_PASSWORD = 402
    LOGIN_BASIC_DISABLED = 403
    LOGIN_WEAK_MECHANISM = 404
    LOGIN_MECHANISM = 405
    LOGIN_ENCRYPTION = 406
    LOGIN_TEMPORARY = 407
    LOGIN_LOCKED = 408
    LOGIN_ATTEMPTS = 409
    LOGIN_TOKEN = 410
    LOGIN_POLICY = 411
    LOGIN_REQUIRED = 412
    LOGIN_TRANSITION = 413
    LOGIN_EXCHANGE = 414
    LOGIN_SERVER_SIGNATURE = 415
    LOGIN_CHANNEL_BINDING = 416
    LOGIN_NO_TOKEN = 417
    SERVER_BLOCKED = 501
    SERVER_CONNECTIONS = 502
    SERVER_BUSY = 503
    SERVER_CLOSING = 504
    SERVER_NO_MAIL = 505
    SERVER_HELLO_NAME = 506
    SERVER_STORAGE = 507
    SERVER_PROTOCOL = 508
    SERVER_EXTENSION = 509
    SENDER_ADDRESS = 601
    SENDER_NOT_ALLOWED = 602
    SENDER_UNAUTHENTICATED = 603
    RECIPIENT_UNKNOWN = 604
    RECIPIENT_DOMAIN = 605
    RECIPIENT_ADDRESS = 606
    RECIPIENT_DISABLED = 607
    RECIPIENT_FULL = 608
    RECIPIENT_MOVED = 609
    RECIPIENTS_TOO_MANY = 610
    RELAY_DENIED = 611
    GREYLISTED = 612
    RATE_LIMITED = 613
    POLICY = 614
    MESSAGE_TOO_BIG = 701
    MESSAGE_CONTENT = 702
    MESSAGE_LOOP = 703


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


class TimePart(IntEnum):
    """A part of a connection that takes time: a key of `Connection.timings`."""

    RESOLVE = 0
    CONNECT = 1
    PROXY = 2
    TLS = 3
    GREETING = 4
    #: EHLO, twice with STARTTLS.
    HELLO = 5
    LOGIN = 6
    #: Of messages: from MAIL to the reply to DATA.
    ENVELOPE = 7
    #: From there until all of the content had left.
    CONTENT = 8
    #: From there to the final reply.
    VERDICT = 9


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
