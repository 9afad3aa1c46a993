"""The exceptions of `smtpconn.smtplib` that are the standard library's and ours in one."""

from __future__ import annotations

import smtplib
from typing import TYPE_CHECKING, Optional, Union

from ._errors import (
    AuthError,
    ConnectionLostError,
    EnvelopeError,
    MessageError,
    StateError,
    TLSError,
)
from ._outcome import SMTPConnError

if TYPE_CHECKING:
    from ._outcome import Result

#: A code and the text of a reply, as the standard library has them.
Answer = tuple[int, bytes]


def _adopt(own: SMTPConnError, error: Optional[SMTPConnError]) -> None:
    """Gives `own` the fields of an error of the library; its arguments are set afterwards."""
    if error is None:
        SMTPConnError.__init__(own)
        return
    SMTPConnError.__init__(own, error.message)
    # OSError keeps errno outside of __dict__.
    own.__dict__.update({k: v for k, v in error.__dict__.items() if k != "errno"})
    own.errno = error.errno


class SenderRefusedError(smtplib.SMTPSenderRefused, EnvelopeError):
    """The server refused the sender."""

    def __init__(
        self, code: int, msg: bytes, sender: str, error: Optional[SMTPConnError] = None
    ) -> None:
        _adopt(self, error)
        smtplib.SMTPSenderRefused.__init__(self, code, msg, sender)


class RecipientsRefusedError(smtplib.SMTPRecipientsRefused, EnvelopeError):
    """The server refused every recipient."""

    def __init__(
        self, recipients: dict[str, Answer], error: Optional[SMTPConnError] = None
    ) -> None:
        _adopt(self, error)
        smtplib.SMTPRecipientsRefused.__init__(self, recipients)


class DataError(smtplib.SMTPDataError, MessageError):
    """The server refused the message."""

    def __init__(
        self, code: int, msg: Union[bytes, str], error: Optional[SMTPConnError] = None
    ) -> None:
        _adopt(self, error)
        smtplib.SMTPDataError.__init__(self, code, msg)


class AuthenticationError(smtplib.SMTPAuthenticationError, AuthError):
    """The server refused the login."""

    def __init__(
        self, code: int, msg: Union[bytes, str], error: Optional[SMTPConnError] = None
    ) -> None:
        _adopt(self, error)
        smtplib.SMTPAuthenticationError.__init__(self, code, msg)


class DisconnectedError(smtplib.SMTPServerDisconnected, ConnectionLostError):
    """The connection was lost; `retry` says whether a message may have been delivered."""

    def __init__(self, text: str, error: Optional[SMTPConnError] = None) -> None:
        _adopt(self, error)
        self.message = text
        self.args = (text,)


class NotConnectedError(smtplib.SMTPServerDisconnected, StateError):
    """There is no connection."""


class InsecureLoginError(smtplib.SMTPNotSupportedError, AuthError):
    """A password would leave without TLS."""


class InjectedReplyError(smtplib.SMTPException, TLSError):
    """Somebody put octets before TLS that would count as received under TLS."""


def answer_of(response: Optional[str], code: Optional[int] = None) -> Answer:
    """A whole reply, its lines joined by LF with their codes, as code and text."""
    lines = (response or "").split("\n")
    text = "\n".join(line[4:].strip(" \t\r") for line in lines)
    if code is None:
        code = int(lines[-1][:3]) if lines[-1][:3].isdecimal() else -1
    return code, text.encode("utf-8")


def refused(result: Optional[Result], addresses: list[str]) -> dict[str, Answer]:
    """The recipients that were refused, under the names by which the program knows them."""
    answers: dict[str, Answer] = {}
    if result is not None and result._is_plain:
        return answers
    for each, address in zip(result.recipients if result else (), addresses):
        if not each.accepted and each.code is not None and each.code >= 400:
            answers[address] = answer_of(each.response, each.code)
    return answers


def send_error(
    error: SMTPConnError, sender: str, addresses: list[str], *, lmtp: bool
) -> smtplib.SMTPException:
    """What the standard library raises when a send fails so."""
    if error.response is None or error.response_code is None:
        return DisconnectedError(f"Connection unexpectedly closed: {error.message}", error)
    code, text = answer_of(error.response, error.response_code)
    if error.command == "MAIL FROM":
        return SenderRefusedError(code, text, sender, error)
    if error.command == "RCPT TO" or (lmtp and len(addresses) > 1):
        answers = refused(error.result, addresses)
        # A 421 is about the connection, which the standard library counts as a refusal.
        return RecipientsRefusedError(answers or {_meant(error, addresses): (code, text)}, error)
    return DataError(code, text, error)


def _meant(error: SMTPConnError, addresses: list[str]) -> str:
    """The recipient that an error is about, under the name by which the program knows it."""
    recipients = error.result.recipients if error.result else []
    named = (own for each, own in zip(recipients, addresses) if each.address == error.recipient)
    return next(named, addresses[0])


def login_error(error: SMTPConnError) -> smtplib.SMTPException:
    """What the standard library raises when a login fails so."""
    if error.response is None or error.response_code is None:
        return DisconnectedError(f"Connection unexpectedly closed: {error.message}", error)
    return AuthenticationError(*answer_of(error.response, error.response_code), error)
