"""An SMTP client connection: connect, log in, send, quit.

    import smtpconn

    with smtpconn.Connection("mail.example.org", 587, require_tls=True) as connection:
        connection.login("user", "password")
        result = connection.send("from@example.org", ["to@example.net"], message)

This is the library libsmtpconn, by way of ctypes.  It is found by the environment variable
SMTPCONN_LIBRARY, else beside this file, else by the system's loader.
"""

from ._certificate import Certificate
from ._connection import Connection, ConnectionOptions, Exchange
from ._constants import (
    AddressFamily,
    Chunking,
    ErrorCode,
    FailureKind,
    LogKind,
    RecipientStatus,
    Retry,
    Stage,
    TimePart,
)
from ._envelope import DSN, Envelope, Recipient
from ._errors import (
    AuthError,
    CancelledError,
    CommandError,
    ConnectionLostError,
    DNSError,
    EnvelopeError,
    FullError,
    MessageError,
    OAuth2Error,
    OptionsError,
    ProtocolError,
    ProxyError,
    RequireTLSError,
    SocketError,
    StateError,
    StreamError,
    TimedOutError,
    TLSError,
)
from ._library import library_path, library_version
from ._limits import Timeouts
from ._loop import Loop
from ._once import connect, send
from ._outcome import RecipientResult, Reply, Result, SMTPConnError
from ._sansio import SansIOConnection
from ._version import __version__

__all__ = [
    "DSN",
    "AddressFamily",
    "AuthError",
    "CancelledError",
    "Certificate",
    "Chunking",
    "CommandError",
    "Connection",
    "ConnectionLostError",
    "ConnectionOptions",
    "DNSError",
    "Envelope",
    "EnvelopeError",
    "ErrorCode",
    "Exchange",
    "FailureKind",
    "FullError",
    "LogKind",
    "Loop",
    "MessageError",
    "OAuth2Error",
    "OptionsError",
    "ProtocolError",
    "ProxyError",
    "Recipient",
    "RecipientResult",
    "RecipientStatus",
    "Reply",
    "RequireTLSError",
    "Result",
    "Retry",
    "SMTPConnError",
    "SansIOConnection",
    "SocketError",
    "Stage",
    "StateError",
    "StreamError",
    "TLSError",
    "TimePart",
    "TimedOutError",
    "Timeouts",
    "__version__",
    "connect",
    "library_path",
    "library_version",
    "send",
]
