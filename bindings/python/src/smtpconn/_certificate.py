"""The certificates of a server."""

from __future__ import annotations

from ctypes import byref, c_size_t, string_at
from dataclasses import dataclass
from datetime import datetime, timezone
from typing import TYPE_CHECKING

from ._library import lib
from ._text import decode

if TYPE_CHECKING:
    from ._ffi import ConnHandle


@dataclass(frozen=True)
class Certificate:
    """A certificate that the server has sent.

    Text that a server wrote into its certificate is not verified: display it, but decide by
    `tls_peer_name`.
    """

    #: The certificate itself, for `ssl.DER_cert_to_PEM_cert` or another library.
    der: bytes
    #: Names in the form of RFC 2253: "CN=mx.example.com,O=Example".
    subject: str
    issuer: str
    #: DNS names and IP addresses of subjectAltName.
    names: tuple[str, ...]
    #: In UTC.
    not_before: datetime
    not_after: datetime


def certificates_of(connection: ConnHandle) -> list[Certificate]:
    count: int = lib.smtpconn_tls_certificate_count(connection)
    return [_certificate(connection, index) for index in range(count)]


def _certificate(connection: ConnHandle, index: int) -> Certificate:
    length = c_size_t()
    octets = lib.smtpconn_tls_certificate(connection, index, byref(length))
    names = lib.smtpconn_tls_certificate_names(connection, index)
    return Certificate(
        der=string_at(octets, length.value),
        subject=decode(lib.smtpconn_tls_certificate_subject(connection, index)),
        issuer=decode(lib.smtpconn_tls_certificate_issuer(connection, index)),
        names=tuple(decode(names).split(" ")) if names else (),
        not_before=_time(lib.smtpconn_tls_certificate_not_before(connection, index)),
        not_after=_time(lib.smtpconn_tls_certificate_not_after(connection, index)),
    )


def _time(text: bytes) -> datetime:
    try:
        when = datetime.strptime(decode(text), "%Y-%m-%dT%H:%M:%SZ")
    except ValueError:  # The year 0, which datetime does not have.
        when = datetime.min
    return when.replace(tzinfo=timezone.utc)
