"""What callbacks get: errors and results, as the drive program writes them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

Json = dict[str, Any]

OK = 0
CODES = {
    "EDNS": -1,
    "ECONNECTION": -2,
    "ESOCKET": -3,
    "ETIMEDOUT": -4,
    "ETLS": -5,
    "EREQUIRETLS": -6,
    "EPROTOCOL": -7,
    "EENVELOPE": -8,
    "EMESSAGE": -9,
    "ESTREAM": -10,
    "EAUTH": -11,
    "EOAUTH2": -12,
    "EPROXY": -13,
    "EOPTIONS": -14,
    "ESTATE": -15,
    "ECANCELLED": -16,
    "ECOMMAND": -17,
    "EFULL": -18,
}
RETRY_NO, RETRY_SAFE, RETRY_UNKNOWN = range(3)
ACCEPTED, DEFERRED, REJECTED, NOT_TRIED, UNKNOWN = range(5)
LOG_NETWORK, LOG_TLS, LOG_SMTP, LOG_CLIENT, LOG_SERVER, LOG_MESSAGE = range(6)


@dataclass(frozen=True)
class Failure:
    """An error object, every field of it."""

    code: int
    name: str
    kind: str
    message: str
    response: str | None
    response_code: int
    enhanced: str | None
    command: str
    phase: str
    recipient: str | None
    errno: int
    tls_reason: str | None
    certificate_names: str | None
    address: str | None
    retry: int

    def __post_init__(self) -> None:
        """What holds for every error."""
        assert CODES.get(self.name) == self.code, f"{self.name} is not {self.code}"
        assert self.kind != "UNKNOWN", "every kind has a name"
        assert self.message, "an error must say something"
        assert self.command, "an error must name a command"
        assert self.phase, "an error must name a phase"
        assert self.retry in (RETRY_NO, RETRY_SAFE, RETRY_UNKNOWN)
        assert (self.response is None) == (self.response_code == 0)


@dataclass(frozen=True)
class Recipient:
    """One line of a result."""

    status: int
    recipient: str
    command: str | None
    response_code: int
    enhanced: str | None
    response: str | None
    error: Failure | None


@dataclass(frozen=True)
class Result:
    """What became of a send."""

    count: int
    accepted: int
    rejected: int
    response: str | None
    queue_id: str | None
    envelope_time: int
    message_time: int
    content_time: int
    verdict_time: int
    message_size: int
    recipients: list[Recipient]

    @property
    def statuses(self) -> list[int]:
        return [recipient.status for recipient in self.recipients]


@dataclass(frozen=True)
class Said:
    """What the server replied to a command."""

    code: int
    enhanced: str | None
    response: str
    lines: list[str]


@dataclass(frozen=True)
class Done:
    """The end of an operation. The result belongs to a send, the reply to a command."""

    error: Failure | None
    result: Result | None
    said: Said | None = None

    def succeeded(self) -> None:
        assert self.error is None, f"failed: {self.error}"

    def failed(self, *names: str) -> Failure:
        assert self.error is not None, f"succeeded, and {names} was expected"
        assert self.error.name in names, f"{names} was expected: {self.error}"
        return self.error


def read_failure(value: Json | None) -> Failure | None:
    return None if value is None else Failure(**value)


def read_said(value: Json | None) -> Said | None:
    if value is None:
        return None
    said = Said(**value)
    assert said.lines == [line[4:] for line in said.response.split("\n")]
    return said


def read_result(value: Json | None) -> Result | None:
    if value is None:
        return None
    lines = [
        Recipient(**{**line, "error": read_failure(line["error"])}) for line in value["recipients"]
    ]
    result = Result(**{**value, "recipients": lines})
    assert result.count == len(lines)
    assert result.accepted == result.statuses.count(ACCEPTED)
    assert result.rejected == result.statuses.count(DEFERRED) + result.statuses.count(REJECTED)
    return result
