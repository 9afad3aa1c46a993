"""The exceptions: one class for each code of the library."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any, ClassVar

from ._constants import ErrorCode, Retry

if TYPE_CHECKING:
    from ._result import Result


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
    response: str | None
    response_code: int | None
    #: The enhanced status code of that reply, "5.1.1".
    enhanced: str | None
    #: The command that failed, "RCPT TO"; "API" when something was called wrongly.
    command: str
    #: Where on its way the connection was, "starttls".
    phase: str
    #: The recipient that was refused.
    recipient: str | None
    #: The errno of the system call that failed.
    errno: int | None
    #: The reason that OpenSSL or the verification of the certificate gave.
    tls_reason: str | None
    #: The address that was tried or in use, "192.0.2.1:25".
    address: str | None
    #: Whether another try is wise.
    retry: Retry
    #: What became of each recipient, when a send failed.
    result: Result | None

    def __init__(
        self,
        message: str = "",
        *,
        code: int | None = None,
        name: str | None = None,
        response: str | None = None,
        response_code: int | None = None,
        enhanced: str | None = None,
        command: str = "API",
        phase: str = "idle",
        recipient: str | None = None,
        errno: int | None = None,
        tls_reason: str | None = None,
        address: str | None = None,
        retry: Retry = Retry.NO,
        result: Result | None = None,
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
        if self.response is None or self.response in self.message:
            return self.message
        return f"{self.message} [{self.response}]".replace("\n", " / ")

    def __reduce__(self) -> tuple[Any, ...]:
        # OSError keeps errno outside of __dict__ and pickles its arguments only.
        return _rebuild, (type(self), self.message), {**self.__dict__, "errno": self.errno}


def _rebuild(cls: type[SMTPConnError], message: str) -> SMTPConnError:
    return cls(message)


def _name(code: int) -> str:
    try:
        return ErrorCode(code).name
    except ValueError:
        return "EUNKNOWN"


class DNSError(SMTPConnError):
    """The host name could not be resolved."""

    CODE = ErrorCode.EDNS


class ConnectionLostError(SMTPConnError):
    """The server closed the connection."""

    CODE = ErrorCode.ECONNECTION


class SocketError(SMTPConnError, OSError):
    """The operating system refused; `errno` says why."""

    CODE = ErrorCode.ESOCKET

    @property
    def strerror(self) -> str | None:  # type: ignore[override]
        """The system's words for errno."""
        return None if self.errno is None else os.strerror(self.errno)


class TimedOutError(SMTPConnError, TimeoutError):
    """One of the time limits passed."""

    CODE = ErrorCode.ETIMEDOUT


class TLSError(SMTPConnError):
    """TLS was not possible, or not trustworthy."""

    CODE = ErrorCode.ETLS


class RequireTLSError(SMTPConnError):
    """REQUIRETLS (RFC 8689) cannot be honoured."""

    CODE = ErrorCode.EREQUIRETLS


class ProtocolError(SMTPConnError):
    """The server does not speak SMTP as it should."""

    CODE = ErrorCode.EPROTOCOL


class EnvelopeError(SMTPConnError):
    """Sender or recipients are bad, or were refused."""

    CODE = ErrorCode.EENVELOPE


class MessageError(SMTPConnError):
    """The message is bad, too large, or was refused."""

    CODE = ErrorCode.EMESSAGE


class StreamError(SMTPConnError):
    """The source of the message failed."""

    CODE = ErrorCode.ESTREAM


class AuthError(SMTPConnError):
    """The login had bad input, was refused, or is not possible."""

    CODE = ErrorCode.EAUTH


class OAuth2Error(SMTPConnError):
    """No access token could be had."""

    CODE = ErrorCode.EOAUTH2


class ProxyError(SMTPConnError):
    """The proxy refused."""

    CODE = ErrorCode.EPROXY


class OptionsError(SMTPConnError, ValueError):
    """An option is out of range or contradicts another."""

    CODE = ErrorCode.EOPTIONS


class StateError(SMTPConnError):
    """Not possible now: not connected, over, closed, or inside a callback."""

    CODE = ErrorCode.ESTATE


class CancelledError(SMTPConnError):
    """Cancelled or closed by the caller."""

    CODE = ErrorCode.ECANCELLED


CLASSES: dict[int, type[SMTPConnError]] = {
    int(cls.CODE): cls for cls in SMTPConnError.__subclasses__()
}
