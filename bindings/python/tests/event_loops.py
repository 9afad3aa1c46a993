"""The event loops that smtpconn.aio runs in, and a server that is played inside of them.

The tests use anyio, which works inside of all of these: the connection sees asyncio or trio only.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Awaitable
from contextlib import asynccontextmanager
from typing import Any, Callable

import anyio
import anyio.lowlevel
import pytest
import trio
import uvloop

from scripted_server import ScriptedServer
from smtpconn import aio

Main = Callable[[], Awaitable[None]]

#: Seconds; much longer than any wait of a test that passes.
LIMIT = 30.0


def _asyncio(main: Main) -> None:
    # In debug mode, whose warnings and logged errors fail the test.
    asyncio.run(_strict(main), debug=True)


def _uvloop(main: Main) -> None:
    loop = uvloop.new_event_loop()
    try:
        loop.run_until_complete(_strict(main))
    finally:
        loop.close()


async def _strict(main: Main) -> None:
    failures: list[dict[str, Any]] = []
    asyncio.get_running_loop().set_exception_handler(lambda _loop, told: failures.append(told))
    await main()
    assert failures == []


async def _awaited(main: Main) -> None:
    await main()


EVENT_LOOPS: dict[str, Callable[[Main], None]] = {
    "asyncio": _asyncio,
    "uvloop": _uvloop,
    "trio": lambda main: trio.run(_awaited, main),
    "anyio on asyncio": lambda main: anyio.run(_awaited, main, backend="asyncio"),
    "anyio on trio": lambda main: anyio.run(_awaited, main, backend="trio"),
}

#: For a test with an argument `run`, which runs a coroutine function.
in_every_loop = pytest.mark.parametrize("run", EVENT_LOOPS.values(), ids=EVENT_LOOPS.keys())
#: For what asyncio alone has.
in_asyncio = pytest.mark.parametrize("run", [_asyncio, _uvloop], ids=["asyncio", "uvloop"])


class Peer:
    """The server: the other end of a connected socket, in the same thread."""

    def __init__(self) -> None:
        self.ours, self.theirs = socket.socketpair()
        self.theirs.setblocking(False)
        #: What the client has said and nobody has looked at.
        self.heard = b""

    def say(self, *lines: str) -> None:
        self.theirs.sendall("".join(f"{line}\r\n" for line in lines).encode())

    async def read(self, most: int = 1 << 16) -> bytes:
        """What comes next; nothing at the end."""
        with anyio.fail_after(LIMIT):
            while True:
                try:
                    return self.theirs.recv(most)
                except BlockingIOError:
                    await anyio.wait_readable(self.theirs)
                except ConnectionResetError:
                    return b""

    async def until(self, end: str) -> str:
        """Waits until the client has said this; the result is all up to it."""
        while end.encode() not in self.heard:
            octets = await self.read()
            assert octets, f"{end!r} did not come, but {self.heard!r}"
            self.heard += octets
        taken, found, self.heard = self.heard.partition(end.encode())
        return (taken + found).decode()

    async def rest(self) -> str:
        """All that comes until the client has closed."""
        while octets := await self.read():
            self.heard += octets
        return self.heard.decode()

    async def take_message(self) -> str:
        """Takes one message whose MAIL has not been answered, up to its final dot."""
        await self.until("MAIL FROM:")
        await self.until("DATA\r\n")
        self.say("250 ok", "250 ok", "354 go on")
        return await self.until("\r\n.\r\n")

    @asynccontextmanager
    async def opened(
        self, *capabilities: str, **options: Any
    ) -> AsyncIterator[aio.AsyncConnection]:
        """A connection that is open; it is closed at the end."""
        connection = aio.AsyncConnection(connection=self.ours, **options)
        self.ours.close()
        try:
            async with anyio.create_task_group() as group:
                group.start_soon(connection.connect)
                await self.greet(*capabilities)
            yield connection
        finally:
            connection.close()
            self.theirs.close()

    async def greet(self, *capabilities: str) -> None:
        self.say("220 test")
        await self.until("EHLO ")
        await self.until("\r\n")
        lines = ["test", "PIPELINING", "AUTH PLAIN XOAUTH2", *capabilities]
        self.say(*[f"250-{line}" for line in lines[:-1]], f"250 {lines[-1]}")


async def turns(count: int = 50) -> None:
    """Lets everything else run that can."""
    for _ in range(count):
        await anyio.lowlevel.checkpoint()


def numbers(server: ScriptedServer) -> list[int]:
    """Of messages that are numbers, in the order of their arrival."""
    return [int(message) for message in server.messages]
