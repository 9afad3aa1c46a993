"""What the command found out and did, and its form in JSON."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final, Optional

from ._cli_exit import Exit
from ._constants import FailureKind
from ._outcome import SMTPConnError

if TYPE_CHECKING:
    from ._certificate import Certificate
    from ._constants import TimePart
    from ._outcome import Result

#: Of the JSON.  A key that is added leaves it as it is; what would break a reader raises it.
FORMAT: Final = 1


@dataclass(frozen=True)
class Problem:
    """What would go wrong."""

    #: "error", "warning" or "note".
    level: str
    text: str
    #: The exit code of a check, for an error.
    exit: Exit = Exit.OK
    #: Whether it is about the message that is given, not about the server.
    concerns_message: bool = False


@dataclass
class TLSReport:
    version: str
    cipher: str
    verified: bool
    peer_name: Optional[str]
    certificates: list[Certificate]


@dataclass
class Report:
    #: "send" or "check".
    action: str
    server_name: Optional[str] = None
    #: "192.0.2.1:25"; None as long as there was no connection.
    address: Optional[str] = None
    client_name: Optional[str] = None
    secure: bool = False
    user: Optional[str] = None
    authenticated: bool = False
    tls: Optional[TLSReport] = None
    capabilities: dict[str, str] = field(default_factory=dict)
    timings: dict[TimePart, float] = field(default_factory=dict)
    result: Optional[Result] = None
    problems: list[Problem] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    error: Optional[Exception] = None
    exit: Exit = Exit.OK

    def as_json(self) -> dict[str, Any]:
        """Every key is always there; docs/python-command.md describes them."""
        return {
            "format": FORMAT,
            "action": self.action,
            "exit": int(self.exit),
            "server": {
                "name": self.server_name,
                "address": self.address,
                "client_name": self.client_name,
                "secure": self.secure,
                "authenticated": self.authenticated,
            },
            "tls": None if self.tls is None else _tls(self.tls),
            "capabilities": self.capabilities,
            "timings": {part.name.lower(): time for part, time in self.timings.items()},
            "result": None if self.result is None else _result(self.result),
            "problems": [{"level": each.level, "text": each.text} for each in self.problems],
            "warnings": self.warnings,
            "error": None if self.error is None else _error(self.error),
        }


def _tls(tls: TLSReport) -> dict[str, Any]:
    return {
        "version": tls.version,
        "cipher": tls.cipher,
        "verified": tls.verified,
        "peer_name": tls.peer_name,
        "certificates": [
            {
                "subject": each.subject,
                "issuer": each.issuer,
                "names": list(each.names),
                "not_before": _moment(each.not_before),
                "not_after": _moment(each.not_after),
                "sha256": hashlib.sha256(each.der).hexdigest(),
            }
            for each in tls.certificates
        ],
    }


def _moment(time: datetime) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%SZ")


def _result(result: Result) -> dict[str, Any]:
    return {
        "queue_id": result.queue_id,
        "response": result.response,
        "size": result.message_size,
        "recipients": [
            {
                "address": each.address,
                "status": each.status.name.lower(),
                "command": each.command,
                "code": each.code,
                "enhanced": each.enhanced,
                "response": each.response,
                "reason": None if each.error is None else str(each.error),
            }
            for each in result.recipients
        ],
    }


def _error(error: Exception) -> dict[str, Any]:
    if not isinstance(error, SMTPConnError):
        # Arguments, or a file: nothing was said to a server.
        error = SMTPConnError(str(error), name="EARGUMENT", command="")
    kinds = {int(each): each.name for each in FailureKind}
    return {
        "name": error.name,
        "kind": kinds.get(error.kind, str(int(error.kind))),
        "message": error.message,
        "response": error.response,
        "response_code": error.response_code,
        "enhanced": error.enhanced,
        "command": error.command,
        "phase": error.phase,
        "recipient": error.recipient,
        "address": error.address,
        "retry": error.retry.name.lower(),
    }
