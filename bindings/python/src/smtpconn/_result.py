"""What became of a message and of each recipient."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Optional

from ._constants import RecipientStatus
from ._errors import SMTPConnError
from ._failure import read_error
from ._library import lib
from ._text import decode

if TYPE_CHECKING:
    from ._ffi import ResultHandle


@dataclass(frozen=True)
class RecipientResult:
    """One recipient; the reply is the one that decided, None where there was none."""

    address: str
    status: RecipientStatus
    #: The command that the reply answered: "RCPT TO", "DATA".
    command: Optional[str] = None
    code: Optional[int] = None
    #: The enhanced status code, "5.1.1".
    enhanced: Optional[str] = None
    response: Optional[str] = None
    #: Why it did not get the message: the refusal, or for one that was not tried or is in
    #: doubt the reason. None for one that was accepted.
    error: Optional[SMTPConnError] = None

    @property
    def accepted(self) -> bool:
        return self.status is RecipientStatus.ACCEPTED


@dataclass(frozen=True)
class Result:
    """The outcome of a send; also `SMTPConnError.result` of a send that failed.

    The result of an error has accepted recipients only when the error's `retry` is UNKNOWN: with
    LMTP, or when the recipients went in several transactions.
    Only those in `unknown` and those that were not tried are to be sent to again then.
    """

    #: Every recipient, in the order of the envelope.
    recipients: list[RecipientResult]
    #: The last reply of the server: "250 2.0.0 Ok: queued as 4F2A".
    response: Optional[str] = None
    #: The server's name for the message, where its wording is known: "4F2A".
    queue_id: Optional[str] = None
    #: Seconds from MAIL to the reply to DATA, and from there to the final reply.
    envelope_time: float = 0.0
    message_time: float = 0.0
    #: Octets sent, with repaired line endings, without the escaping of dots.
    message_size: int = 0

    @property
    def accepted(self) -> list[str]:
        """The recipients who will get the message."""
        return [recipient.address for recipient in self.recipients if recipient.accepted]

    @property
    def rejected(self) -> list[str]:
        """The recipients who were refused, for now or for good."""
        return [recipient.address for recipient in self._refused()]

    @property
    def rejected_errors(self) -> list[SMTPConnError]:
        """Why, in the same order."""
        return [recipient.error for recipient in self._refused() if recipient.error is not None]

    @property
    def unknown(self) -> list[str]:
        """The recipients of whom nobody knows: the connection was lost too late to tell."""
        status = RecipientStatus.UNKNOWN
        return [each.address for each in self.recipients if each.status is status]

    def _refused(self) -> list[RecipientResult]:
        refused = (RecipientStatus.DEFERRED, RecipientStatus.REJECTED)
        return [recipient for recipient in self.recipients if recipient.status in refused]


def read_result(result: ResultHandle) -> Result:
    """A copy of a result object, which is dead after its callback."""
    count: int = lib.smtpconn_result_count(result)
    return Result(
        recipients=[_read_recipient(result, index) for index in range(count)],
        response=decode(lib.smtpconn_result_response(result)),
        queue_id=decode(lib.smtpconn_result_queue_id(result)),
        envelope_time=lib.smtpconn_result_envelope_time(result) / 1000,
        message_time=lib.smtpconn_result_message_time(result) / 1000,
        message_size=lib.smtpconn_result_message_size(result),
    )


def _read_recipient(result: ResultHandle, index: int) -> RecipientResult:
    return RecipientResult(
        address=decode(lib.smtpconn_result_recipient(result, index) or b""),
        status=_status(lib.smtpconn_result_status(result, index)),
        command=decode(lib.smtpconn_result_command(result, index)),
        code=lib.smtpconn_result_response_code(result, index) or None,
        enhanced=decode(lib.smtpconn_result_enhanced(result, index)),
        response=decode(lib.smtpconn_result_recipient_response(result, index)),
        error=read_error(lib.smtpconn_result_error(result, index)),
    )


def _status(number: int) -> RecipientStatus:
    try:
        return RecipientStatus(number)
    except ValueError:
        # A later library may know more answers; this is the careful one.
        return RecipientStatus.UNKNOWN
