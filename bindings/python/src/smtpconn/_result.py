"""Reads what became of a message and of each recipient, and replies."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ._constants import RecipientStatus, TimePart
from ._failure import read_error
from ._library import lib
from ._outcome import RecipientResult, Reply, Result
from ._text import decode

if TYPE_CHECKING:
    from ._ffi import ReplyHandle, ResultHandle


def read_result(result: ResultHandle) -> Result:
    """A copy of a result object, which is dead after its callback."""
    count: int = lib.smtpconn_result_count(result)
    return Result(
        recipients=[_read_recipient(result, index) for index in range(count)],
        response=decode(lib.smtpconn_result_response(result)),
        queue_id=decode(lib.smtpconn_result_queue_id(result)),
        envelope_time=lib.smtpconn_result_envelope_time(result) / 1000,
        message_time=lib.smtpconn_result_message_time(result) / 1000,
        content_time=_seconds(result, TimePart.CONTENT),
        verdict_time=_seconds(result, TimePart.VERDICT),
        message_size=lib.smtpconn_result_message_size(result),
    )


def read_reply(reply: ReplyHandle) -> Reply:
    """A copy of a reply, which is dead after its callback."""
    count: int = lib.smtpconn_reply_line_count(reply)
    return Reply(
        code=lib.smtpconn_reply_code(reply),
        lines=tuple(decode(lib.smtpconn_reply_line(reply, line) or b"") for line in range(count)),
        enhanced=decode(lib.smtpconn_reply_enhanced(reply)),
        response=decode(lib.smtpconn_reply_response(reply) or b""),
    )


def _seconds(result: ResultHandle, part: TimePart) -> float:
    milliseconds: int = lib.smtpconn_result_time(result, part)
    return max(0, milliseconds) / 1000


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
