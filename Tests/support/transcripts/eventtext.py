"""What callbacks get, in the form of a transcript (SMTPProtocolTests/Support/EventText.swift)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from support.drive.outcomes import Done, Failure, Recipient

CODES = {
    "EDNS": "dns",
    "ECONNECTION": "connection",
    "ESOCKET": "socket",
    "ETIMEDOUT": "timedOut",
    "ETLS": "tls",
    "EREQUIRETLS": "requireTLS",
    "EPROTOCOL": "protocolViolation",
    "EENVELOPE": "envelope",
    "EMESSAGE": "message",
    "ESTREAM": "stream",
    "EAUTH": "auth",
    "EOAUTH2": "oauth2",
    "EPROXY": "proxy",
    "EOPTIONS": "options",
    "ESTATE": "state",
    "ECANCELLED": "cancelled",
    "ECOMMAND": "command",
    "EFULL": "full",
}
RETRY = ("no", "safe", "unknown")
#: The operations with one reply.
COMMANDS = frozenset(
    ("noop", "hello", "verify", "expand", "etrn", "command", "hidden", "xclient", "xforward")
)
STATUSES = ("accepted", "deferred", "rejected", "notTried", "unknown")


def failure_text(failure: Failure) -> str:
    """`auth, AUTH PLAIN, auth phase, retry no, 535`"""
    code = f", {failure.response_code}" if failure.response_code else ""
    where = f"{failure.command}, {failure.phase} phase, retry {RETRY[failure.retry]}"
    return f"{CODES[failure.name]}, {where}{code}"


def recipient_text(recipient: Recipient) -> str:
    """`- b@example.org rejected, RCPT TO 550`"""
    said = f", {recipient.command} {recipient.response_code or ''}" if recipient.command else ""
    # Octets, each as a character.
    name = recipient.recipient.encode("latin-1").decode()
    return f"- {name} {STATUSES[recipient.status]}{said}"


@dataclass(frozen=True)
class Event:
    """A line about what a callback got, and the text of its error."""

    line: str
    text: str | None = None


def connection_failed(failure: Failure) -> Event:
    return Event(f"connection failed: {failure_text(failure)}", failure.message)


def ended(operation: str, done: Done) -> Iterator[Event]:
    """The lines of an operation that has ended."""
    if done.error is None:
        code = f" {done.said.code}" if done.said else ""
        yield Event("opened" if operation == "connect" else f"{operation} ok{code}")
    else:
        line = f"{operation} failed: {failure_text(done.error)}"
        # Of a command with one reply, which is shown where it is not that of the error.
        if operation in COMMANDS and done.error.response != (done.said and done.said.response):
            line += f", reply {done.said.code}" if done.said else ", no reply"
        yield Event(line, done.error.message)
    if done.result is not None:
        for recipient in done.result.recipients:
            error = recipient.error
            yield Event(recipient_text(recipient), None if error is None else error.message)


def fits(text: str | None, wanted: str) -> bool:
    """Whether this is the text; "…" stands for any beginning or end."""
    middle = wanted.removeprefix("…").removesuffix("…")
    if text is None:
        return False
    text = text.encode("latin-1").decode()
    if wanted.startswith("…"):
        return middle in text if wanted.endswith("…") else text.endswith(middle)
    return text.startswith(middle) if wanted.endswith("…") else text == middle
