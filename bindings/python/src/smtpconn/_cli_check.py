"""What a server offers, and what would go wrong with it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any, Final, Optional

from ._cli_exit import Exit
from ._cli_report import Problem, Report, TLSReport
from ._connection import Connection
from ._constants import FailureKind
from ._outcome import SMTPConnError

if TYPE_CHECKING:
    from ._certificate import Certificate
    from ._cli_message import Outgoing
    from ._target import Target

#: Days before its end when a certificate should have a successor.
_SOON: Final = 21

#: Failures after which the certificates are worth a look.
_UNTRUSTED: Final = range(FailureKind.TLS_NAME, FailureKind.TLS_PLAIN_TEXT)

#: Options that decide which certificate is good.
_TRUST: Final = ("tls_pins", "tls_tlsa", "tls_mta_sts", "tls_crl_file", "tls_require_ocsp")

#: What the absence of an extension means.
_EXTENSIONS: Final = {
    "PIPELINING": "each command waits for the reply to the one before",
    "8BITMIME": "8-bit content has to be encoded",
    "SMTPUTF8": "addresses outside ASCII are not possible",
    "DSN": "delivery status notifications cannot be asked for",
}


def look(
    connection: Connection, target: Target, message: Optional[Outgoing], report: Report
) -> None:
    """Puts what is known of the server and the connection into the report, and what would go
    wrong."""
    _read(connection, report, verified=_is_verified(target))
    report.problems = _problems(connection, target, message)


def look_again(target: Target, report: Report, error: SMTPConnError) -> None:
    """Reads the certificates that were not trusted, without a login, as nothing is verified."""
    if error.kind not in _UNTRUSTED:
        return
    options: dict[str, Any] = {
        name: value for name, value in target.options.items() if name not in _TRUST
    }
    options["tls_reject_unauthorized"] = False
    try:
        with Connection(**options) as connection:
            _read(connection, report, verified=False)
            report.problems = list(_certificate_problems(connection.tls_certificates))
    except SMTPConnError:
        pass  # The first error says enough.


def _is_verified(target: Target) -> bool:
    """Whether a certificate that is not the server's would have ended the connection."""
    pinned = any(target.options.get(name) for name in ("tls_pins", "tls_tlsa"))
    return pinned or target.options.get("tls_reject_unauthorized") is not False


def _read(connection: Connection, report: Report, *, verified: bool) -> None:
    report.address = connection.remote_address
    report.client_name = connection.client_name
    report.secure = connection.is_secure
    report.authenticated = connection.is_authenticated
    report.capabilities = connection.capabilities
    report.timings = connection.timings
    if connection.is_secure:
        report.tls = TLSReport(
            version=connection.tls_version or "",
            cipher=connection.tls_cipher or "",
            verified=verified,
            peer_name=connection.tls_peer_name if verified else None,
            certificates=connection.tls_certificates,
        )


def _problems(connection: Connection, target: Target, message: Optional[Outgoing]) -> list[Problem]:
    """What would go wrong, the worst first."""
    found = [
        *_protection(connection, target),
        *_certificate_problems(connection.tls_certificates),
        *_login(connection, target),
        *_extensions(connection),
    ]
    if message is not None:
        found += _message(connection, message)
    levels = ("error", "warning", "note")
    return sorted(found, key=lambda problem: levels.index(problem.level))


def _protection(connection: Connection, target: Target) -> Iterator[Problem]:
    if connection.is_secure and not _is_verified(target):
        yield Problem("warning", "the certificate of the server was not verified")
    if connection.is_secure or _is_local(connection, target):
        return
    if connection.has_capability("STARTTLS"):
        yield Problem("warning", "no TLS: the server offers STARTTLS, which is not used")
    else:
        yield Problem("warning", "no TLS: the server does not offer STARTTLS")


def _is_local(connection: Connection, target: Target) -> bool:
    address = connection.remote_address or ""
    return "socket_path" in target.options or address.startswith(("127.", "[::1]"))


def _certificate_problems(certificates: list[Certificate]) -> Iterator[Problem]:
    now = datetime.now(timezone.utc)
    for number, each in enumerate(certificates, 1):
        days = (each.not_after - now).days
        if each.not_after < now:
            text = f"certificate {number} expired on {each.not_after:%Y-%m-%d}"
            yield Problem("error", text, Exit.CONFIG)
        elif days <= _SOON:
            left = "1 day" if days == 1 else f"{days} days"
            yield Problem("warning", f"certificate {number} expires in {left}")


def _login(connection: Connection, target: Target) -> Iterator[Problem]:
    mechanisms = connection.capabilities.get("AUTH")
    if target.login is None and mechanisms:
        yield Problem(
            "note",
            f"no login was tried; the server offers {mechanisms}, and may refuse mail to others "
            "without one",
        )


def _extensions(connection: Connection) -> Iterator[Problem]:
    for keyword, meaning in _EXTENSIONS.items():
        if not connection.has_capability(keyword):
            yield Problem("note", f"no {keyword}: {meaning}")


def _message(connection: Connection, message: Outgoing) -> Iterator[Problem]:
    limit = connection.capabilities.get("SIZE", "")
    # 0 is no limit (RFC 1870 section 4), and eighteen digits are enough for any.
    if limit.isascii() and limit.isdigit() and 0 < int(limit[:18]) < len(message.octets):
        size = len(message.octets)
        text = f"the message has {size} octets, and the server takes no more than {limit}"
        yield Problem("error", text, Exit.DATAERR, True)
    if message.needs_smtputf8 and not connection.has_capability("SMTPUTF8"):
        text = "the message needs SMTPUTF8, which the server does not offer"
        yield Problem("error", text, Exit.DATAERR, True)
    if not message.fits(connection):
        text = "the message has 8-bit content and the server does not offer 8BITMIME: it is encoded"
        yield Problem("note", text, concerns_message=True)
    if message.envelope.dsn is not None and not connection.has_capability("DSN"):
        text = "the server does not offer DSN: no notification is asked for"
        yield Problem("warning", text, concerns_message=True)
