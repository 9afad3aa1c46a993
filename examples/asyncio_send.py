"""Sends one message in asyncio: asyncio_send.py HOST PORT CAFILE FROM TO < message

The event loop has the socket. The library gets the octets that came, gives those that are to be
sent, and names the next deadline. TLS is done by the library, in the same octets."""

from __future__ import annotations

import asyncio
import sys
import time

import smtpconn


class Mail(asyncio.Protocol):
    """Moves octets between a transport and a connection without a socket."""

    def __init__(self, connection: smtpconn.SansIOConnection) -> None:
        self.connection = connection
        self.closed = asyncio.get_running_loop().create_future()
        self.may_write = True
        self.timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        self.connection.feed(data)
        self.move()

    def eof_received(self) -> None:
        self.connection.feed_end()
        self.move()

    def connection_lost(self, error: Exception | None) -> None:
        number = getattr(error, "errno", None)
        self.connection.feed_end(number or 0)
        if self.timer is not None:
            self.timer.cancel()
        self.closed.set_result(None)

    # What was taken counts as sent. So nothing is taken while the transport is full.

    def pause_writing(self) -> None:
        self.may_write = False

    def resume_writing(self) -> None:
        self.may_write = True
        self.move()

    def move(self) -> None:
        """To be called after everything that was done with the connection."""
        while self.may_write and self.connection.wants_take:
            self.transport.write(self.connection.take())
        if self.connection.stage is smtpconn.Stage.CLOSED:
            self.transport.close()
        if self.timer is not None:
            self.timer.cancel()
        deadline = self.connection.deadline
        if deadline is not None:
            delay = max(0, deadline - time.monotonic())
            self.timer = asyncio.get_running_loop().call_later(delay, self.tick)

    def tick(self) -> None:
        self.connection.tick()
        self.move()


async def send(host: str, port: int, ca_file: str, sender: str, recipient: str) -> None:
    # The library does not connect: the host is the name that the certificate must have.
    connection = smtpconn.SansIOConnection(host, require_tls=True, tls_ca_file=ca_file)
    outcome: asyncio.Future[smtpconn.Result] = asyncio.get_running_loop().create_future()

    def sent(error: smtpconn.SMTPConnError | None, result: smtpconn.Result) -> None:
        if error is not None:
            outcome.set_exception(error)
        else:
            outcome.set_result(result)

    with connection:
        _, mail = await asyncio.get_running_loop().create_connection(
            lambda: Mail(connection), host, port
        )
        connection.start_connect()
        envelope = smtpconn.Envelope(sender, [recipient])
        connection.start_send(envelope, sys.stdin.buffer.read(), sent)
        connection.start_quit()
        mail.move()
        try:
            print(f"server: {(await outcome).response}")
        finally:
            await mail.closed


host, port, ca_file, sender, recipient = sys.argv[1:6]
asyncio.run(send(host, int(port), ca_file, sender, recipient))
