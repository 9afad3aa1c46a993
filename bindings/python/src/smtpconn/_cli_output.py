"""What the command writes: a table for people, or JSON."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Optional, TextIO

from ._cli_exit import Exit
from ._cli_report import Report

if TYPE_CHECKING:
    from ._certificate import Certificate
    from ._outcome import Result


def printable(text: str) -> str:
    """Text of a server without what would control a terminal."""
    return "".join(
        each if each.isprintable() else each.encode("unicode_escape").decode() for each in text
    )


class Output:
    def __init__(self, *, as_json: bool) -> None:
        self.as_json = as_json
        #: No table where everything went well.
        self.quiet = False

    def warn(self, report: Report, text: str) -> None:
        report.warnings.append(text)
        _put(sys.stderr, f"smtpconn: warning: {printable(text)}")

    def fail(self, report: Report, error: Exception, code: Exit) -> Exit:
        """Reports what ended the command."""
        report.error = error
        _put(sys.stderr, f"smtpconn: {printable(str(error))}")
        return self.finish(report, code)

    def finish(self, report: Report, code: Exit) -> Exit:
        report.exit = code
        if self.as_json:
            _put(sys.stdout, json.dumps(report.as_json(), indent=2))
        elif not (self.quiet and code is Exit.OK):
            lines = _check_lines(report) if report.action == "check" else _sent_lines(report)
            for line in lines:
                _put(sys.stdout, line)
        sys.stdout.flush()
        return code


def _put(stream: TextIO, line: str) -> None:
    # A terminal without UTF-8 shows what it has no character for as an escape.
    encoding = stream.encoding or "ascii"
    stream.write(line.encode(encoding, "backslashreplace").decode(encoding) + "\n")


def _sent_lines(report: Report) -> Iterator[str]:
    result = report.result
    if result is None:
        return
    if report.error is None and result.response is not None:
        yield f"{report.address or report.server_name}: {printable(result.response)}"
    yield from _recipient_lines(result)


def _recipient_lines(result: Result) -> Iterator[str]:
    width = max((len(each.address) for each in result.recipients), default=0)
    for each in result.recipients:
        status = each.status.name.lower().replace("_", " ")
        reason = "" if each.error is None else (each.response or each.error.message)
        yield f"{status:<9}  {printable(each.address):<{width}}  {printable(reason)}".rstrip()


def _check_lines(report: Report) -> Iterator[str]:
    if report.address is None:
        return
    for title, values in _rows(report):
        for value in values:
            yield f"{title:<14} {printable(value)}".rstrip()
            title = ""


def _rows(report: Report) -> Iterator[tuple[str, list[str]]]:
    yield "Server", [f"{report.server_name}, {report.address}"]
    yield "Client", [report.client_name or "-"]
    tls = report.tls
    if tls is None:
        yield "TLS", ["none"]
    else:
        verified = f"verified for {tls.peer_name}" if tls.peer_name else "verified"
        state = verified if tls.verified else "NOT VERIFIED"
        yield "TLS", [f"{tls.version}, {tls.cipher}, {state}"]
        for number, each in enumerate(tls.certificates, 1):
            yield f"Certificate {number}", _certificate(each)
    offers = [f"{keyword} {values}" for keyword, values in report.capabilities.items()]
    yield "Capabilities", offers or ["none"]
    yield "Login", [_login(report.user, report.authenticated)]
    yield (
        "Timings",
        [f"{part.name.lower():<9}{time * 1000:7.0f} ms" for part, time in report.timings.items()],
    )
    for level in ("error", "warning", "note"):
        texts = [each.text for each in report.problems if each.level == level]
        if texts:
            yield level.capitalize(), texts
    if report.error is not None:
        yield "Failed", [str(report.error)]


def _login(user: Optional[str], authenticated: bool) -> str:
    if authenticated:
        return "accepted" if user is None else f"accepted, {user}"
    return "not tried" if user is None else f"FAILED, {user}"


def _certificate(each: Certificate) -> list[str]:
    days = (each.not_after - datetime.now(timezone.utc)).days
    left = "1 day" if days == 1 else f"{days} days"
    return [
        each.subject or "no subject",
        f"names   {' '.join(each.names) or 'none'}",
        f"issuer  {each.issuer}",
        f"valid   {each.not_before:%Y-%m-%d} to {each.not_after:%Y-%m-%d}, {left} left",
    ]
