"""The exceptions: one class for each code of the library."""

# Without annotations from the future, as _outcome.py.

import os
import socket
from typing import Optional

from ._constants import ErrorCode
from ._outcome import SMTPConnError


class _SystemError(SMTPConnError, OSError):
    """An OSError too, as the standard library's exception for the same is."""

    @property
    def strerror(self) -> Optional[str]:  # type: ignore[override]
        """The system's words for errno."""
        return None if self.errno is None else os.strerror(self.errno)


class DNSError(_SystemError, socket.gaierror):
    """The host name could not be resolved; also a socket.gaierror, whose `errno` is None."""

    CODE = ErrorCode.EDNS


class ConnectionLostError(_SystemError, ConnectionError):
    """The server closed the connection; also a ConnectionError."""

    CODE = ErrorCode.ECONNECTION


class SocketError(_SystemError):
    """The operating system refused; `errno` says why.  Also an OSError."""

    CODE = ErrorCode.ESOCKET


class TimedOutError(_SystemError, TimeoutError):
    """One of the time limits passed; also a TimeoutError."""

    CODE = ErrorCode.ETIMEDOUT


class TLSError(_SystemError):
    """TLS was not possible, or not trustworthy.

    Also an OSError, as ssl.SSLError is; not an ssl.SSLError, for which Python's own OpenSSL would
    have to be loaded.
    """

    CODE = ErrorCode.ETLS


class RequireTLSError(SMTPConnError):
    """REQUIRETLS (RFC 8689) is not possible."""

    CODE = ErrorCode.EREQUIRETLS


class ProtocolError(SMTPConnError):
    """The server violates the SMTP protocol."""

    CODE = ErrorCode.EPROTOCOL


class EnvelopeError(SMTPConnError):
    """Sender or recipients are bad, or were refused."""

    CODE = ErrorCode.EENVELOPE


class MessageError(SMTPConnError):
    """The message is bad, too large, or was refused."""

    CODE = ErrorCode.EMESSAGE


class StreamError(_SystemError):
    """The source of the message failed; also an OSError, of a file that cannot be read."""

    CODE = ErrorCode.ESTREAM


class AuthError(SMTPConnError):
    """The login had bad input, was refused, or is not possible."""

    CODE = ErrorCode.EAUTH


class OAuth2Error(SMTPConnError):
    """No access token was obtained."""

    CODE = ErrorCode.EOAUTH2


class ProxyError(SMTPConnError):
    """The proxy refused, or does not do what a proxy does."""

    CODE = ErrorCode.EPROXY


class OptionsError(SMTPConnError, ValueError):
    """An option is out of range or contradicts another; also a ValueError."""

    CODE = ErrorCode.EOPTIONS


class StateError(SMTPConnError):
    """Not possible now: not connected, over, closed, or inside a callback."""

    CODE = ErrorCode.ESTATE


class CancelledError(SMTPConnError):
    """Cancelled or closed by the caller."""

    CODE = ErrorCode.ECANCELLED


class CommandError(SMTPConnError):
    """A command besides those of a login or a send is bad, is not offered, or was refused."""

    CODE = ErrorCode.ECOMMAND


class FullError(SMTPConnError):
    """The queue of a pool is full: send later."""

    CODE = ErrorCode.EFULL


CLASSES: dict[int, type[SMTPConnError]] = {
    int(cls.CODE): cls
    for cls in (*SMTPConnError.__subclasses__(), *_SystemError.__subclasses__())
    if cls is not _SystemError
}

# A traceback shows the name by which a program can import it, and so does a pickle.
for _class in (SMTPConnError, *CLASSES.values()):
    _class.__module__ = "smtpconn"
