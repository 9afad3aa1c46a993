"""The exceptions: one class for each code of the library."""

# Without annotations from the future: those of the classes below are evaluated as if they stood in
# `smtpconn`, where the classes are found, and only their text would need Optional to be there.

import os
import socket
from typing import TYPE_CHECKING, Any, ClassVar, Optional

from ._constants import ErrorCode, Retry

if TYPE_CHECKING:
    from ._result import Result


#: Characters of a reply by which a quotation of it is found in a message.
_EXCERPT = 32


class SMTPConnError(Exception):
    """Anything that went wrong; the subclass tells what, the fields tell the rest.

    Absent fields are None.  All fields survive pickling.
    """

    #: The code that the library gives for this class; instances have their own.
    CODE: ClassVar[int] = 0

    #: One of ErrorCode, or a number that this version does not know.
    code: int
    #: The name of the code, "EAUTH".
    name: str
    #: What happened and what to do about it.
    message: str
    #: The reply that caused it, its lines joined by LF, and the reply's code.
    response: Optional[str]
    response_code: Optional[int]
    #: The enhanced status code of that reply, "5.1.1".
    enhanced: Optional[str]
    #: The command that failed, "RCPT TO"; "API" when something was called wrongly.
    command: str
    #: Where on its way the connection was, "starttls".
    phase: str
    #: The recipient that was refused.
    recipient: Optional[str]
    #: The errno of the system call that failed.
    errno: Optional[int]
    #: The reason that OpenSSL or the verification of the certificate gave.
    tls_reason: Optional[str]
    #: The address that was tried or in use, "192.0.2.1:25".
    address: Optional[str]
    #: Whether another try is wise.
    retry: Retry
    #: What became of each recipient, when a send failed.
    result: Optional["Result"]

    def __init__(
        self,
        message: str = "",
        *,
        code: Optional[int] = None,
        name: Optional[str] = None,
        response: Optional[str] = None,
        response_code: Optional[int] = None,
        enhanced: Optional[str] = None,
        command: str = "API",
        phase: str = "idle",
        recipient: Optional[str] = None,
        errno: Optional[int] = None,
        tls_reason: Optional[str] = None,
        address: Optional[str] = None,
        retry: Retry = Retry.NO,
        result: Optional["Result"] = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.code = self.CODE if code is None else code
        self.name = name or _name(self.code)
        self.response = response
        self.response_code = response_code
        self.enhanced = enhanced
        self.command = command
        self.phase = phase
        self.recipient = recipient
        self.errno = errno
        self.tls_reason = tls_reason
        self.address = address
        self.retry = retry
        self.result = result

    def __str__(self) -> str:
        return self.message if self.response is None else _with_reply(self.message, self.response)

    def __reduce__(self) -> tuple[Any, ...]:
        # OSError keeps errno outside of __dict__ and pickles its arguments only.
        return _rebuild, (type(self), self.message), {**self.__dict__, "errno": self.errno}


def _with_reply(message: str, response: str) -> str:
    """One line, which has the whole reply once.  The library puts it into the message, up to a
    limit, where the message is about a reply."""
    lines = [line.strip() for line in response.splitlines()]
    quoted = " ".join(" ".join(lines).split())
    words = " ".join(message.split())
    if quoted in words:
        return words
    begin, end = words.find(quoted[:_EXCERPT]), words.rfind("...")
    if 0 <= begin < end and quoted.startswith(words[begin:end]):
        return words[:begin] + quoted + words[end + 3 :]
    return f"{words} [{' / '.join(lines)}]"


def _rebuild(cls: type[SMTPConnError], message: str) -> SMTPConnError:
    return cls(message)


def _name(code: int) -> str:
    try:
        return ErrorCode(code).name
    except ValueError:
        return "EUNKNOWN"


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
    """REQUIRETLS (RFC 8689) cannot be honoured."""

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


class OptionsError(SMTPConnError, ValueError):
    """An option is out of range or contradicts another; also a ValueError."""

    CODE = ErrorCode.EOPTIONS


class StateError(SMTPConnError):
    """Not possible now: not connected, over, closed, or inside a callback."""

    CODE = ErrorCode.ESTATE


class CancelledError(SMTPConnError):
    """Cancelled or closed by the caller."""

    CODE = ErrorCode.ECANCELLED


CLASSES: dict[int, type[SMTPConnError]] = {
    int(cls.CODE): cls
    for cls in (*SMTPConnError.__subclasses__(), *_SystemError.__subclasses__())
    if cls is not _SystemError
}

# A traceback shows the name by which a program can import it, and so does a pickle.
for _class in (SMTPConnError, *CLASSES.values()):
    _class.__module__ = "smtpconn"
