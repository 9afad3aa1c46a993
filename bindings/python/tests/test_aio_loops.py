"""smtpconn.aio: connections and the event loops that run them."""

from __future__ import annotations

import asyncio
import gc
import threading
from typing import Any, Callable

import anyio
import pytest
import trio

import smtpconn
from event_loops import Main, Peer, in_every_loop, numbers, turns
from scripted_server import HELLO, LIMIT, QUIT, SEND, ScriptedServer
from smtpconn import aio

ENVELOPE = smtpconn.Envelope("a@example.org", ["b@example.org"])
Run = Callable[[Main], None]


@in_every_loop
def test_connections_share_a_loop(run: Run, server: ScriptedServer) -> None:
    server.play(*[HELLO, SEND, QUIT]).play(*[HELLO, SEND, QUIT]).play(*[HELLO, SEND, QUIT])

    async def main() -> None:
        async def send() -> aio.AsyncConnection:
            async with aio.AsyncConnection("127.0.0.1", server.port) as connection:
                await connection.send(ENVELOPE, "x")
            return connection

        one = aio.AsyncConnection("127.0.0.1", server.port)
        async with one:
            two = await send()
            assert one._shared is two._shared
            await one.send(ENVELOPE, "y")
        await turns(3)  # trio ends what watches the descriptor a little later.
        assert one._shared.loop.closed
        three = await send()
        assert three._shared is not one._shared

    run(main)
    server.check()


def test_outside_of_an_event_loop() -> None:
    with pytest.raises(smtpconn.StateError, match="no event loop runs here"):
        aio.AsyncConnection()


def test_in_another_event_loop() -> None:
    peer = Peer()
    made: list[aio.AsyncConnection] = []

    async def make() -> None:
        made.append(aio.AsyncConnection(connection=peer.ours))

    async def use() -> None:
        with pytest.raises(smtpconn.StateError, match="another event loop"):
            await made[0].connect()

    asyncio.run(make())
    asyncio.run(use())
    trio.run(use)
    made[0].close()
    peer.ours.close()
    peer.theirs.close()


def test_two_event_loops_in_two_threads() -> None:
    failures: list[BaseException] = []
    with ScriptedServer() as one, ScriptedServer() as two:
        for server in (one, two):
            server.play(*[HELLO, *[SEND] * 30, QUIT])

        async def main(port: int) -> None:
            async with (
                aio.AsyncConnection("127.0.0.1", port) as connection,
                anyio.create_task_group() as group,
            ):
                for number in range(30):
                    group.start_soon(connection.send, ENVELOPE, f"{number}\r\n")

        def work(run: Any, *arguments: Any) -> None:
            try:
                run(*arguments)
            except BaseException as error:
                failures.append(error)

        threads = [
            threading.Thread(target=work, args=(lambda: asyncio.run(main(one.port)),)),
            threading.Thread(target=work, args=(trio.run, main, two.port)),
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(LIMIT)
        assert failures == []
        for server in (one, two):
            server.check()
            assert sorted(numbers(server)) == list(range(30))


@in_every_loop
def test_an_event_loop_that_ends_with_open_connections(run: Run) -> None:
    """The connection says that it was left open, and can be closed."""
    kept: list[aio.AsyncConnection] = []
    peers = [Peer(), Peer()]

    async def main() -> None:
        for peer in peers:
            connection = aio.AsyncConnection(connection=peer.ours)
            peer.ours.close()
            async with anyio.create_task_group() as group:
                group.start_soon(connection.connect)
                await peer.greet()
            kept.append(connection)

    run(main)
    with pytest.raises(smtpconn.StateError, match="another event loop"):
        kept[0].start_send(ENVELOPE, "x")
    kept.pop().close()
    with pytest.warns(ResourceWarning, match="left open"):
        kept.clear()
        gc.collect()
    for peer in peers:
        assert peer.theirs.recv(100) == b""
        peer.theirs.close()
