"""Reads records: what became of an operation, of each recipient, and events.

The layout is that of <smtpconn.h>, "Records": numbers in the byte order of the machine; a text is
its offset in the record, 0 for none, and its length.
"""

from __future__ import annotations

from struct import Struct
from typing import Any, Final

from ._constants import RecipientStatus, Retry
from ._errors import CLASSES
from ._library import lib
from ._outcome import RecipientResult, Reply, Result, SMTPConnError
from ._text import decode

#: Kinds of records.
DONE, SENT, REPLY, CONNECTED, ENDED, ERROR, LOG, TOKEN, PROGRESS = range(1, 10)

#: Size, version, kind, user, connection, flags, code, offset of the error block.
HEAD: Final = Struct("=IHHQQIiI")
#: The size of the head with what is reserved in it.
HEAD_SIZE: Final = 40
#: Of the flags: no error, and every recipient was accepted.
PLAIN: Final = 1

#: Flags, code, offset of the error block.
_STATUS: Final = Struct("=IiI")
_STATUS_AT: Final = 24
#: After the head: count, recipients, accepted, rejected, code, three parts of the time, two times,
#: size, response, identifier, tries, error of the try before.
_SENT: Final = Struct("=IIIIiiiiQQQIIIIII")
#: Status, code, error, reserved, address, response, enhanced code, command.
_RECIPIENT: Final = Struct("=iiIIIIIIIIII")
#: Code, kind, retry, errno, code of the reply, reserved, nine texts.
_ERROR: Final = Struct("=iiiiii18I")
#: Code, reserved, enhanced code, response, number of lines, their array.
_REPLY: Final = Struct("=iIIIIIII")
#: Level, kind, text, lines dropped, reserved.
_LOG: Final = Struct("=iiIIII")
#: Expiry, token.
_TOKEN: Final = Struct("=QII")
_PROGRESS: Final = Struct("=QQ")
_UNKNOWN: Final = (1 << 64) - 1
_TEXT: Final = Struct("=II")


def is_plain(record: bytes) -> bool:
    """Whether everything went well: nothing else needs to be read then."""
    flags: int = _STATUS.unpack_from(record, _STATUS_AT)[0]
    return flags & PLAIN != 0


def read_failure(record: bytes) -> SMTPConnError | None:
    """The error of a record; None without one."""
    _, code, block = _STATUS.unpack_from(record, _STATUS_AT)
    if block:
        return _error(record, block, None)
    return None if code == 0 else CLASSES.get(code, SMTPConnError)(_code_text(code), code=code)


def read_result(record: bytes, *, plain: bool) -> Result:
    """The result of a send, whose fields are read when one of them is asked for."""
    return Result._later(_fields, record, plain)


def read_reply(record: bytes) -> Reply | None:
    code, _, e_at, e_size, at, size, count, lines = _REPLY.unpack_from(record, HEAD_SIZE)
    if code == 0:
        return None
    places = (_TEXT.unpack_from(record, lines + 8 * index) for index in range(count))
    return Reply(
        code=code,
        lines=tuple(_text(record, *place) or "" for place in places),
        enhanced=_text(record, e_at, e_size),
        response=_text(record, at, size) or "",
    )


def read_log(record: bytes) -> tuple[int, int, bytes, int]:
    """Level, kind, text, and the number of lines that were dropped before it."""
    level, kind, at, size, dropped, _ = _LOG.unpack_from(record, HEAD_SIZE)
    return level, kind, record[at : at + size], dropped


def read_token(record: bytes) -> tuple[str, int | None]:
    expires, at, size = _TOKEN.unpack_from(record, HEAD_SIZE)
    return _text(record, at, size) or "", expires or None


def read_progress(record: bytes) -> tuple[int, int | None]:
    sent, total = _PROGRESS.unpack_from(record, HEAD_SIZE)
    return sent, None if total == _UNKNOWN else total


def _text(record: bytes, at: int, size: int) -> str | None:
    return decode(record[at : at + size]) if at else None


def _fields(record: bytes) -> dict[str, Any]:
    sent = _SENT.unpack_from(record, HEAD_SIZE)
    count, recipients, _, _, _, _, content, verdict = sent[:8]
    envelope_time, message_time, message_size, at, size, id_at, id_size, tries, retry = sent[8:]
    return {
        "recipients": [
            _recipient(record, recipients + _RECIPIENT.size * index) for index in range(count)
        ],
        "response": _text(record, at, size),
        "queue_id": _text(record, id_at, id_size),
        "envelope_time": envelope_time / 1000,
        "message_time": message_time / 1000,
        "content_time": max(0, content) / 1000,
        "verdict_time": max(0, verdict) / 1000,
        "message_size": message_size,
        "tries": tries,
        "retry_error": _error(record, retry, None) if retry else None,
    }


def _recipient(record: bytes, at: int) -> RecipientResult:
    status, code, error, _, *texts = _RECIPIENT.unpack_from(record, at)
    address = _text(record, *texts[0:2]) or ""
    return RecipientResult(
        address=address,
        status=_status(status),
        command=_text(record, *texts[6:8]),
        code=code or None,
        enhanced=_text(record, *texts[4:6]),
        response=_text(record, *texts[2:4]),
        error=_error(record, error, address) if error else None,
    )


def _error(record: bytes, at: int, recipient: str | None) -> SMTPConnError:
    code, kind, retry, errno, response_code, _, *places = _ERROR.unpack_from(record, at)
    texts = [_text(record, *places[2 * index : 2 * index + 2]) for index in range(9)]
    message, response, enhanced, command, phase, refused, reason, names, address = texts
    return CLASSES.get(code, SMTPConnError)(
        message or "",
        code=code,
        name=decode(lib.smtpconn_code_name(code)),
        kind=kind,
        response=response,
        response_code=response_code or None,
        enhanced=enhanced,
        command="API" if command is None else command,
        phase="idle" if phase is None else phase,
        recipient=recipient if refused is None else refused,
        errno=errno or None,
        tls_reason=reason,
        certificate_names=names,
        address=address,
        retry=_retry(retry),
    )


def _code_text(code: int) -> str:
    text: bytes = lib.smtpconn_code_text(code)
    return decode(text)


def _retry(number: int) -> Retry:
    try:
        return Retry(number)
    except ValueError:
        # A later library may know more answers; this is the careful one.
        return Retry.UNKNOWN


def _status(number: int) -> RecipientStatus:
    try:
        return RecipientStatus(number)
    except ValueError:
        # A later library may know more answers; this is the careful one.
        return RecipientStatus.UNKNOWN
