"""Credentials, for as long as a login takes to start."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from ._errors import AuthError
from ._failure import bare_error
from ._library import lib
from ._text import encode

if TYPE_CHECKING:
    from ._ffi import AuthHandle


@contextmanager
def opened_auth(user: str | None, password: str | None) -> Iterator[AuthHandle]:
    """The C object, erased and freed at the end.  The library tells what is missing."""
    auth = lib.smtpconn_auth_new()
    if not auth:
        raise MemoryError("no memory for credentials")
    try:
        for name, value in (("user", user), ("password", password)):
            octets = None if value is None else encode(value, name, AuthError)
            status = getattr(lib, f"smtpconn_auth_set_{name}")(auth, octets)
            if status < 0:
                raise bare_error(status)
        yield auth
    finally:
        lib.smtpconn_auth_free(auth)
