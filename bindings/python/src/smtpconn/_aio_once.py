"""A connection, or a whole delivery, in one call, for asyncio and trio."""

from __future__ import annotations

from typing import Any, Optional

from ._aio_connection import AsyncConnection, AsyncKeywords, AsyncMessageLike
from ._envelope import DSN, Envelope, Recipients
from ._once import envelope_of
from ._outcome import Result
from ._target import target_of
from ._unpack import Unpack


async def connect(url: str, **options: Unpack[AsyncKeywords]) -> AsyncConnection:
    """Connects to the server that a URL names, and logs in when a user is given.

    `async with await aio.connect("smtps://ann@mail.example.org", password=...) as connection:`
    quits at the end.  The connection is closed when the login fails.

    The URL is that of `smtpconn.connect`, and the keywords are those of `AsyncConnection` and of
    its `login`.
    """
    connection = AsyncConnection.from_url(url, **options)
    try:
        await connection.connect()
    except BaseException:
        connection.close()
        raise
    return connection


async def send(
    message: AsyncMessageLike,
    *,
    url: Optional[str] = None,
    from_addr: Optional[str] = None,
    to_addrs: Optional[Recipients] = None,
    dsn: Optional[DSN] = None,
    envelope: Optional[Envelope] = None,
    **options: Unpack[AsyncKeywords],
) -> Result:
    """Sends one message: connects, logs in when a user is given, sends, quits.

    The arguments are those of `smtpconn.send`, and the keywords those of `AsyncConnection` and of
    its `login`.  Returns the result, or raises, as `AsyncConnection.send` does.  When the task is
    cancelled, the connection is closed at once.
    """
    content: Any = message
    wanted = envelope_of(content, from_addr, to_addrs, dsn, envelope)
    async with AsyncConnection._to(target_of(url, options)) as connection:
        return await connection.send(wanted, message)
