"""The library as a client of a real server, and the messages it sends there."""

from __future__ import annotations

import itertools
import re
from typing import Generic, TypeVar

from support.certificates import Certificates
from support.drive import Connection, Drive, Operation
from support.realserver import ALICE, BOB, DOMAIN, PASSWORD, USER, RealServer


def header(message_id: str = f"hello@{DOMAIN}") -> bytes:
    """A header in which no server misses a field, and the empty line."""
    return (
        "From: alice@test.local\r\nTo: bob@test.local\r\nSubject: hello\r\n"
        f"Date: Sun, 22 Nov 2026 12:00:00 +0000\r\nMessage-ID: <{message_id}>\r\n\r\n"
    ).encode()


HEADER = header()
HELLO = HEADER + b"Hello Bob.\r\n"

Server = TypeVar("Server", bound=RealServer)


class Client(Generic[Server]):
    """Makes connections to the ports of a server."""

    def __init__(self, drive: Drive, server: Server, certificates: Certificates) -> None:
        self.drive = drive
        self.server = server
        self._ca_file = certificates.ca_file

    def __call__(self, service: str, **options: str | int) -> Connection:
        """A connection, not connected yet."""
        return self.drive.connection(
            None,
            **{
                "host": self.server.host,
                "port": self.server.ports[service],
                "name": "client.test",
                "tls_ca_file": self._ca_file,
                **options,
            },
        )

    def opened(self, service: str, **options: str | int) -> Connection:
        connection = self(service, **options)
        connection.start_connect().succeeds()
        return connection

    def logged_in(self, service: str, **options: str | int) -> Connection:
        connection = self.opened(service, **options)
        connection.start_login(USER, PASSWORD).succeeds()
        return connection

    def delivered(self, sending: Operation, address: str = BOB) -> bytes:
        """Waits for a message and returns it as it lies in the mailbox."""
        sending.succeeds()
        return self.server.delivery(address, sending.result().queue_id).content


def send(
    connection: Connection,
    content: bytes = HELLO,
    *recipients: str,
    message: str | None = None,
    size: int = 0,
) -> Operation:
    # 8-bit content goes out as it is, also to a server that offers nothing.
    envelope = connection.drive.envelope(ALICE, list(recipients or [BOB]), size, use_8bitmime=0)
    if size and message is None:
        # Of a reader the library knows no size but the one that it is told.
        message = connection.drive.reader(content)
    return connection.start_send(content, message=message, envelope=envelope)


def stored(content: bytes) -> bytes:
    """A message as a server stores it when it came as it should: every CRLF, CR
    and LF has become one line end, which is LF in a file."""
    lines = re.split(rb"\r\n|\r|\n", content)
    if lines[-1] == b"":
        lines.pop()
    return b"".join(line + b"\n" for line in lines)


def wire_size(content: bytes) -> int:
    """As many octets as that has with CRLF."""
    return len(stored(content).replace(b"\n", b"\r\n"))


WAYS = ("copy", "borrowed", "descriptor", "reader")
SIZES = (1, 2, 3, 5, 7, 64, 997, 1021, 4093, 16381, 65537)


def message(drive: Drive, content: bytes, way: str) -> str:
    """A message from memory, from a file, or in pieces of odd sizes."""
    if way != "reader":
        return drive.message(content, way)
    pieces: list[bytes] = []
    position = 0
    for size in itertools.cycle(SIZES):
        if position >= len(content):
            break
        pieces.append(content[position : position + size])
        position += size
    return drive.reader(*pieces)
