"""The benchmark's client with aiosmtplib: one connection, or many in one event loop."""

from __future__ import annotations

import asyncio

import aiosmtplib

from arguments import SENDER, Arguments, Clock

# So many at a time, or the listening socket would have to hold them all.
CONNECTING = 100


async def main() -> None:
    arguments = Arguments()
    context = arguments.tls()
    connections = [
        aiosmtplib.SMTP(
            hostname="127.0.0.1",
            port=arguments.port,
            local_hostname="client.test",
            use_tls=context is not None,
            start_tls=False,
            tls_context=context,
        )
        for _ in range(arguments.connections)
    ]

    async def send(connection: aiosmtplib.SMTP, message: bytes, count: int) -> None:
        for _ in range(count):
            await connection.sendmail(SENDER, arguments.recipients, message)

    for index in range(0, len(connections), CONNECTING):
        some = connections[index : index + CONNECTING]
        await asyncio.gather(*(connection.connect() for connection in some))
    if arguments.is_warm:
        await asyncio.gather(*(send(one, arguments.head, 1) for one in connections))
    clock = Clock()
    await asyncio.gather(*(send(one, arguments.message, arguments.count) for one in connections))
    clock.stop()
    await asyncio.gather(*(connection.quit() for connection in connections))


if __name__ == "__main__":
    asyncio.run(main())
