"""Connections to real servers, and messages for them."""

from __future__ import annotations

from typing import Generic, TypeVar

from support.certificates import Certificates
from support.daemon import ALICE, BOB, PASSWORD, USER, Daemon
from support.drive import Connection, Drive, Operation

HELLO = b"Subject: hello\r\n\r\nHello Bob.\r\n"


Server = TypeVar("Server", bound=Daemon)


class Client(Generic[Server]):
    """Makes connections to the services of a server."""

    def __init__(self, drive: Drive, server: Server, certificates: Certificates) -> None:
        self.drive = drive
        self.server = server
        self._ca_file = certificates.ca_file

    def __call__(self, service: str, **options: str | int) -> Connection:
        """A connection, not connected yet."""
        return self.drive.connection(
            None,
            **{
                **self.server.address(service),
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
