"""The library as a client of a real server."""

from __future__ import annotations

from typing import Generic, TypeVar

from support.drive import Connection, Drive, Operation
from support.messages.content import HELLO
from support.realservers.delivery import Delivery
from support.realservers.mailboxes import ALICE, BOB, PASSWORD, USER
from support.realservers.realserver import RealServer
from support.servers.certificates import Certificates

Server = TypeVar("Server", bound=RealServer)


class Client(Generic[Server]):
    """Makes connections to the services of a server."""

    def __init__(self, drive: Drive, server: Server, certificates: Certificates) -> None:
        self.drive = drive
        self.server = server
        self._ca_file = certificates.ca_file

    def __call__(self, service: str, **options: str | int) -> Connection:
        """A connection, not connected yet."""
        return self.drive.connection_from(self.options(service, **options))

    def options(self, service: str, **options: str | int) -> str:
        """Options for connections, by name."""
        return self.drive.options(
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

    def delivery(self, sending: Operation, address: str = BOB) -> Delivery:
        """Waits for a message and returns it as it lies in the mailbox."""
        sending.succeeds()
        return self.server.delivery(address, self.server.queue_id(sending.result(), address))

    def delivered(self, sending: Operation, address: str = BOB) -> bytes:
        """The same without what the server puts in front."""
        return self.delivery(sending, address).content


def send(
    connection: Connection,
    content: bytes = HELLO,
    *recipients: str,
    message: str | None = None,
    size: int = 0,
) -> Operation:
    # 8-bit content is sent unchanged, even to a server that offers nothing.
    envelope = connection.drive.envelope(ALICE, list(recipients or [BOB]), size, use_8bitmime=0)
    if size and message is None:
        # Of a reader the library knows only the given size.
        message = connection.drive.reader(content)
    return connection.start_send(content, message=message, envelope=envelope)
