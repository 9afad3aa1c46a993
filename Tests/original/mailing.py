"""One message, as a server sees it and as its result tells of it."""

from __future__ import annotations

from support.drive.outcomes import ACCEPTED, Result
from support.servers.scripted import Peer

MESSAGE = b"Subject: x\r\n\r\nbody\r\n"
FROM = b"MAIL FROM:<a@example.com>"
QUEUED = b"250 2.0.0 Ok: queued as 4F2A"


def mail(peer: Peer, line: bytes, *replies: bytes) -> bytes:
    """One message with this MAIL; RCPT gets these replies. Its content."""
    peer.answer(line, b"250 2.1.0 ok")
    for reply in replies:
        peer.answer(b"RCPT TO:", reply)
    peer.answer(b"DATA", b"354 go on")
    return peer.content()


def check_delivered(result: Result, *names: str) -> None:
    """Every recipient has it, and the result is complete."""
    assert [line.recipient for line in result.recipients] == [*names]
    assert result.statuses == [ACCEPTED] * len(names)
    assert (result.accepted, result.rejected) == (len(names), 0)
    for line in result.recipients:
        assert line.error is None
        assert (line.command, line.response_code) == ("RCPT TO", 250)
    assert result.response == QUEUED.decode()
    assert result.queue_id == "4F2A"
    assert result.message_size == len(MESSAGE)
