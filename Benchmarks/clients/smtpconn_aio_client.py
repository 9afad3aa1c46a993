"""The benchmark's client with smtpconn.aio: many connections in one event loop of asyncio.

Modes: "serial" awaits each message before the next, as aiosmtplib has to; "queued" has those of a
connection under way at once, by asyncio.gather; "optimistic" is the same with optimistic chunking.
"""

from __future__ import annotations

import asyncio

import smtpconn
from smtpconn import aio

from arguments import SENDER, Arguments, Clock

# As for aiosmtplib.
CONNECTING = 100


async def main() -> None:
    arguments = Arguments()
    envelope = smtpconn.Envelope(SENDER, arguments.recipients)
    connections = [
        aio.AsyncConnection(
            "127.0.0.1",
            arguments.port,
            name="client.test",
            secure=arguments.ca_file is not None,
            tls_ca_file=arguments.ca_file,
            chunking=smtpconn.Chunking.OPTIMISTIC if arguments.mode == "optimistic" else None,
        )
        for _ in range(arguments.connections)
    ]

    async def send(connection: aio.AsyncConnection, message: bytes, count: int) -> None:
        if arguments.mode == "serial":
            for _ in range(count):
                await connection.send(envelope, message)
        else:
            await asyncio.gather(*(connection.send(envelope, message) for _ in range(count)))

    for index in range(0, len(connections), CONNECTING):
        some = connections[index : index + CONNECTING]
        await asyncio.gather(*(connection.connect() for connection in some))
    if arguments.is_warm:
        await asyncio.gather(*(send(one, arguments.head, 1) for one in connections))
    clock = Clock()
    await asyncio.gather(*(send(one, arguments.message, arguments.count) for one in connections))
    clock.stop()
    await asyncio.gather(*(connection.quit() for connection in connections))
    for connection in connections:
        connection.close()


if __name__ == "__main__":
    asyncio.run(main())
