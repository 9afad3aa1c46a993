"""What callbacks get, in the form of a transcript (SMTPProtocolTests/Support/EventText.swift)."""

from __future__ import annotations

from collections.abc import Iterator

from support.outcomes import Done, Failure, Recipient

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
}
RETRY = ("no", "safe", "unknown")
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


def ended(operation: str, done: Done) -> Iterator[str]:
    """The lines of an operation that has ended."""
    if done.error is None:
        yield "opened" if operation == "connect" else f"{operation} ok"
    else:
        name = "connection" if operation == "connect" else operation
        yield f"{name} failed: {failure_text(done.error)}"
    if done.result is not None:
        yield from map(recipient_text, done.result.recipients)
