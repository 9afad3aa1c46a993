"""Turns what the library reports into exceptions."""

from __future__ import annotations

import ctypes
import os
from typing import TYPE_CHECKING, Any, Callable

from ._constants import Retry
from ._errors import CLASSES, SocketError
from ._library import lib
from ._outcome import SMTPConnError
from ._text import decode

if TYPE_CHECKING:
    from ._ffi import ErrorHandle


def read_error(error: ErrorHandle) -> SMTPConnError | None:
    """A copy of an error object; None for NULL.  The object is dead after its callback."""
    if not error:
        return None
    code: int = lib.smtpconn_error_code(error)
    return CLASSES.get(code, SMTPConnError)(
        decode(lib.smtpconn_error_message(error) or b""),
        code=code,
        name=decode(lib.smtpconn_error_name(error)),
        kind=lib.smtpconn_error_kind(error),
        response=decode(lib.smtpconn_error_response(error)),
        response_code=lib.smtpconn_error_response_code(error) or None,
        enhanced=decode(lib.smtpconn_error_enhanced(error)),
        command=decode(lib.smtpconn_error_command(error) or b"API"),
        phase=decode(lib.smtpconn_error_phase(error) or b"idle"),
        recipient=decode(lib.smtpconn_error_recipient(error)),
        errno=lib.smtpconn_error_errno(error) or None,
        tls_reason=decode(lib.smtpconn_error_tls_reason(error)),
        certificate_names=decode(lib.smtpconn_error_certificate_names(error)),
        address=decode(lib.smtpconn_error_address(error)),
        retry=_retry(lib.smtpconn_error_retry(error)),
    )


def _retry(number: int) -> Retry:
    try:
        return Retry(number)
    except ValueError:
        # A later library may know more answers; this is the careful one.
        return Retry.UNKNOWN


def check(status: int, last_error: Callable[[Any], ErrorHandle], handle: Any) -> None:
    """Raises what a call on `handle` was refused with."""
    if status < 0:
        raise read_error(last_error(handle)) or bare_error(status)


def bare_error(code: int) -> SMTPConnError:
    """The error of a code about which no more is known."""
    text: bytes = lib.smtpconn_code_text(code)
    return CLASSES.get(code, SMTPConnError)(decode(text), code=code)


def system_error(what: str, error: type[SMTPConnError] = SocketError) -> SMTPConnError:
    """The error of a call that left its reason in errno; MemoryError when it left none."""
    number = ctypes.get_errno()
    if not number:
        raise MemoryError(what)
    return error(f"{what}: {os.strerror(number)}", errno=number)
