"""The connection for asyncio and trio.

    import asyncio
    from smtpconn import aio

    async def main() -> None:
        async with aio.AsyncConnection("mail.example.org", 587, require_tls=True) as connection:
            await connection.login("user", "password")
            await asyncio.gather(
                *(connection.send("from@example.org", [to], text) for to, text in messages)
            )

    asyncio.run(main())

It runs in the event loop of asyncio, uvloop included, of trio, and so of anyio, and uses no thread.
"""

from ._aio_connection import AsyncConnection, AsyncKeywords
from ._aio_once import connect, send
from ._aio_operation import Sending

__all__ = [
    "AsyncConnection",
    "AsyncKeywords",
    "Sending",
    "connect",
    "send",
]
