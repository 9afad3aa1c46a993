"""Exit codes: those of sysexits.h."""

from __future__ import annotations

from enum import IntEnum
from typing import Final

from ._constants import ErrorCode, RecipientStatus, Retry
from ._outcome import Result, SMTPConnError


class Exit(IntEnum):
    """docs/python-command.md has the same table."""

    OK = 0
    USAGE = 64
    DATAERR = 65
    NOINPUT = 66
    NOUSER = 67
    NOHOST = 68
    UNAVAILABLE = 69
    SOFTWARE = 70
    IOERR = 74
    TEMPFAIL = 75
    PROTOCOL = 76
    NOPERM = 77
    CONFIG = 78
    #: 128 and the number of SIGINT, as a shell gives for a program that it ended.
    INTERRUPTED = 130


#: What is not in doubt, and no retry can mend.
_BY_CODE: Final = {
    ErrorCode.EDNS: Exit.NOHOST,
    ErrorCode.ETLS: Exit.CONFIG,
    ErrorCode.EREQUIRETLS: Exit.CONFIG,
    ErrorCode.EPROTOCOL: Exit.PROTOCOL,
    ErrorCode.ESTREAM: Exit.IOERR,
    ErrorCode.EAUTH: Exit.NOPERM,
    ErrorCode.EOAUTH2: Exit.NOPERM,
    ErrorCode.EOPTIONS: Exit.USAGE,
    ErrorCode.ESTATE: Exit.SOFTWARE,
}


def exit_of(error: SMTPConnError) -> Exit:
    """The exit code for an operation that failed."""
    if error.retry is Retry.UNKNOWN:
        return Exit.IOERR
    if error.retry is Retry.SAFE:
        return Exit.TEMPFAIL
    if error.code in (ErrorCode.EENVELOPE, ErrorCode.EMESSAGE):
        if error.response is None:
            return Exit.DATAERR  # Not the server refused, but the library.
        return Exit.UNAVAILABLE if error.recipient is None else Exit.NOUSER
    return _BY_CODE.get(ErrorCode(error.code), Exit.UNAVAILABLE)


def exit_of_result(result: Result) -> Exit:
    """The exit code for a send that succeeded for some recipients at least."""
    statuses = {each.status for each in result.recipients}
    if RecipientStatus.UNKNOWN in statuses:
        return Exit.IOERR
    if RecipientStatus.REJECTED in statuses:
        return Exit.NOUSER
    return Exit.OK if statuses <= {RecipientStatus.ACCEPTED} else Exit.TEMPFAIL
