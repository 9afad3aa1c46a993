"""The benchmark's client with smtpconn's Python package; modes as in smtpconn.c."""

from __future__ import annotations

from collections.abc import Iterator
from typing import BinaryIO

import smtpconn

from arguments import SENDER, Arguments, Clock

AHEAD = 100
BLOCK = 65536


def send_queued(
    connection: smtpconn.Connection, envelope: smtpconn.Envelope, message: bytes, count: int
) -> None:
    remaining = iter(range(count))

    def start() -> None:
        if next(remaining, None) is not None:
            connection.start_send(envelope, message, ended)

    def ended(error: smtpconn.SMTPConnError | None, _result: smtpconn.Result) -> None:
        if error is not None:
            raise error
        start()

    for _ in range(AHEAD):
        start()
    connection.loop.run()


def source(arguments: Arguments) -> bytes | BinaryIO | Iterator[bytes]:
    """The message, in memory as long as nothing else is asked for."""
    kind = arguments.options.get("source", "memory")
    if kind == "memory":
        return arguments.message
    file = arguments.path.open("rb")
    return file if kind == "file" else iter(lambda: file.read(BLOCK), b"")


def main() -> None:
    arguments = Arguments()
    envelope = smtpconn.Envelope(SENDER, arguments.recipients)
    with smtpconn.Connection(
        "127.0.0.1",
        arguments.port,
        name="client.test",
        secure=arguments.ca_file is not None,
        tls_ca_file=arguments.ca_file,
        chunking=smtpconn.Chunking.OPTIMISTIC if arguments.mode == "optimistic" else None,
    ) as connection:
        if arguments.is_warm:
            connection.send(envelope, arguments.head)
        message = source(arguments)
        arguments.start_computing()
        clock = Clock()
        if arguments.mode == "lockstep":
            for _ in range(arguments.count):
                connection.send(envelope, message)
        else:
            send_queued(connection, envelope, arguments.message, arguments.count)
        clock.stop()


if __name__ == "__main__":
    main()
