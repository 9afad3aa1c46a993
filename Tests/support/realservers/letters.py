"""Messages for real servers, each of which can be distinguished from all others."""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field

from support.drive import CHUNKING_OFF, CHUNKING_ON, CHUNKING_OPTIMISTIC, Drive
from support.drive.connection import Connection, Operation
from support.drive.outcomes import ACCEPTED
from support.messages.content import message
from support.realservers.mailboxes import BOB, DOMAIN

MODES = {"data": CHUNKING_OFF, "chunks": CHUNKING_ON, "optimistic": CHUNKING_OPTIMISTIC}


@dataclass
class Letter:
    """One of many, and what is to become of it."""

    number: int
    sender: str
    recipients: list[str] = field(default_factory=lambda: [BOB])
    statuses: list[int] = field(default_factory=lambda: [ACCEPTED])
    error: str | None = None
    subject: str = "hello"
    size: int = 0
    way: str = "copy"
    token: str = field(default_factory=lambda: str(uuid.uuid4()))

    @property
    def content(self) -> bytes:
        end = (b"\r\n", b"\n", b"\r")[self.number % 3]
        lines = [
            f"Subject: {self.subject}",
            f"From: {self.sender}",
            f"To: {BOB}",
            "Date: Sun, 22 Nov 2026 12:00:00 +0000",
            f"Message-ID: <{self.token}@{DOMAIN}>",
            "",
            *[f"line {number}" for number in range(self.number % 4)],
            ".",
            ".dots",
        ]
        text = end.join(line.encode() for line in lines) + end
        return text + (b"x" * 76 + end) * (self.size // 78) + (b"" if self.number % 5 else b"end")

    @property
    def accepted(self) -> list[str]:
        """Who gets it."""
        both = zip(self.recipients, self.statuses, strict=True)
        return [address for address, status in both if status == ACCEPTED]

    def post(self, drive: Drive, connection: Connection) -> Operation:
        envelope = drive.envelope(self.sender, list(self.recipients), use_8bitmime=0)
        given = message(drive, self.content, self.way)
        return connection.start_send(message=given, envelope=envelope)

    def expect_told(self, sending: Operation) -> None:
        done = sending.wait()
        where = f"letter {self.number}: {done.error}"
        assert (done.error.name if done.error else None) == self.error, where
        assert sending.result().statuses == self.statuses, where
