"""smtpconn.aio: messages that are asynchronous iterables, and tokens of coroutine functions."""

from __future__ import annotations

import asyncio
import base64
import socket
from collections.abc import AsyncIterator
from typing import Any, Callable

import anyio
import pytest

import smtpconn
from event_loops import Main, Peer, in_asyncio, in_every_loop, turns
from scripted_server import HELLO, QUIT, SEND, ScriptedServer
from smtpconn import aio

ENVELOPE = smtpconn.Envelope("a@example.org", ["b@example.org"])
Run = Callable[[Main], None]

UNFINISHED = SEND.partition("\nM:")[0] + "\nE:"


async def slow(*chunks: Any) -> AsyncIterator[Any]:
    for chunk in chunks:
        await anyio.lowlevel.checkpoint()
        yield chunk


class Iterable:
    """It can be read any number of times."""

    def __init__(self, *chunks: Any) -> None:
        self._chunks = chunks

    def __aiter__(self) -> AsyncIterator[Any]:
        return slow(*self._chunks)


@in_every_loop
def test_every_type_of_part(run: Run, server: ScriptedServer) -> None:
    server.play(HELLO, *[SEND] * 3, QUIT)
    parts = [b"bytes\r\n", bytearray(b"array\n"), memoryview(b"view\r"), "Grüße\r\n", "", ".\r\n"]
    expected = "bytes\r\narray\r\nview\r\nGrüße\r\n.\r\n".encode()
    iterable = Iterable(*parts)

    async def main() -> None:
        async with aio.AsyncConnection("127.0.0.1", server.port) as connection:
            for message in (slow(*parts), iterable, iterable):
                result = await connection.send(ENVELOPE, message)
                assert result.message_size == len(expected)

    run(main)
    server.check()
    assert server.messages == [expected] * 3


@in_every_loop
def test_an_empty_iterable(run: Run, server: ScriptedServer) -> None:
    server.play(HELLO, SEND, QUIT).play(HELLO, UNFINISHED)

    async def main() -> None:
        async with aio.AsyncConnection("127.0.0.1", server.port) as connection:
            await connection.send("a@example.org", "b@example.org", slow(), allow_empty=True)
        async with aio.AsyncConnection("127.0.0.1", server.port) as connection:
            with pytest.raises(smtpconn.MessageError, match="empty"):
                await connection.send(ENVELOPE, slow())

    run(main)
    server.check()
    assert server.messages == [b""]


@in_every_loop
@pytest.mark.parametrize("bad", [5, None, ["x"]])
def test_a_wrong_part(run: Run, bad: Any, server: ScriptedServer) -> None:
    server.play(HELLO, UNFINISHED)

    async def main() -> None:
        async with aio.AsyncConnection("127.0.0.1", server.port) as connection:
            with pytest.raises(TypeError, match="a part of a message"):
                await connection.send(ENVELOPE, slow("x", bad))

    run(main)


@in_every_loop
def test_an_exception_in_the_iterable(run: Run, server: ScriptedServer) -> None:
    """Nothing is delivered, and the other sends are not tried."""
    server.play(HELLO, UNFINISHED)
    ended: list[str] = []

    async def failing() -> AsyncIterator[str]:
        try:
            yield "x" * 100_000
            await anyio.lowlevel.checkpoint()
            raise ZeroDivisionError("mine")
        finally:
            ended.append("source")

    async def main() -> None:
        async with aio.AsyncConnection("127.0.0.1", server.port) as connection:
            source = failing()
            sending = connection.start_send(ENVELOPE, source)
            behind = connection.start_send(ENVELOPE, "x")
            with pytest.raises(ZeroDivisionError, match="mine") as caught:
                await sending
            assert isinstance(caught.value.__context__, smtpconn.StreamError)
            assert ended == ["source"]
            assert sending.result is not None
            assert sending.result.accepted == []
            with pytest.raises(smtpconn.StreamError) as other:
                await behind
            assert other.value.retry is smtpconn.Retry.SAFE
            with pytest.raises(smtpconn.MessageError, match="was used before"):
                connection.start_send(ENVELOPE, source)

    run(main)
    server.check()
    assert server.messages == []


@in_every_loop
def test_an_iterable_of_a_refused_message_is_not_read(run: Run, server: ScriptedServer) -> None:
    refused = "C: MAIL FROM:*\nS: 250 ok\nC: RCPT TO:*\nS: 550 no\n"
    server.play(HELLO, refused, "C: RSET\nS: 250 ok\n", SEND, QUIT)

    async def main() -> None:
        async with aio.AsyncConnection("127.0.0.1", server.port) as connection:
            source = slow("x")
            with pytest.raises(smtpconn.EnvelopeError):
                await connection.send(ENVELOPE, source)
            await connection.send(ENVELOPE, source)

    run(main)
    server.check()


@in_every_loop
def test_a_lost_connection_ends_the_iterable(run: Run) -> None:
    ended: list[str] = []

    async def endless() -> AsyncIterator[bytes]:
        try:
            yield b"x\r\n"
            await anyio.sleep_forever()
        finally:
            ended.append("source")

    async def main() -> None:
        peer = Peer()
        async with peer.opened() as connection:
            sending = connection.start_send(ENVELOPE, endless())
            await peer.until("DATA\r\n")
            peer.say("250 ok", "250 ok", "354 go on")
            await peer.until("x\r\n")
            peer.theirs.close()
            with pytest.raises(smtpconn.ConnectionLostError):
                await sending
            assert ended == ["source"]  # Before the send ended.

    run(main)


@in_every_loop
def test_an_iterable_that_waits_for_room_is_ended(run: Run) -> None:
    """A generator is ended where it stands, before the send ends."""
    ended: list[str] = []

    async def endless() -> AsyncIterator[bytes]:
        try:
            while True:
                yield b"x\r\n" * 10_000
        finally:
            await anyio.lowlevel.cancel_shielded_checkpoint()
            ended.append("source")

    async def main() -> None:
        peer = Peer()
        async with peer.opened() as connection:
            sending = connection.start_send(ENVELOPE, endless())
            await peer.until("DATA\r\n")
            peer.say("250 ok", "250 ok", "354 go on")
            await peer.until("x\r\n")
            await turns()
            assert not ended
            peer.theirs.close()
            with pytest.raises(smtpconn.ConnectionLostError):
                await sending
            assert ended == ["source"]

    run(main)


@in_every_loop
def test_backpressure(run: Run) -> None:
    """The iterable is ahead of the server by what is on its way, and not by more."""
    size, count = 10_000, 400
    given = 0

    async def chunks() -> AsyncIterator[bytes]:
        nonlocal given
        for _ in range(count):
            yield b"x" * (size - 2) + b"\r\n"
            given += size

    async def main() -> None:
        peer = Peer()
        peer.ours.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 1 << 16)
        async with peer.opened() as connection:
            sending = connection.start_send(ENVELOPE, chunks())
            await peer.until("DATA\r\n")
            peer.say("250 ok", "250 ok", "354 go on")
            taken, ahead, end = 0, 0, b""
            while not end.endswith(b"\r\n.\r\n"):
                await turns(20)  # What can go on without the server does so.
                ahead = max(ahead, given - taken)
                octets = await peer.read(1 << 16)
                taken, end = taken + len(octets), (end + octets)[-5:]
            assert 0 < ahead < 1 << 19
            peer.say("250 queued")
            assert (await sending).message_size == size * count

    run(main)


@in_every_loop
def test_small_parts_are_joined(run: Run) -> None:
    """A part of a line costs no turn of the event loop."""

    async def lines() -> AsyncIterator[bytes]:
        for _ in range(10_000):
            yield b"x\r\n"

    async def main() -> None:
        peer = Peer()
        async with peer.opened() as connection:
            before = connection._shared.loop.dispatch
            dispatches = 0

            def dispatch() -> bool:
                nonlocal dispatches
                dispatches += 1
                return before()

            connection._shared.loop.dispatch = dispatch  # type: ignore[method-assign]
            sending = connection.start_send(ENVELOPE, lines())
            await peer.until("DATA\r\n")
            peer.say("250 ok", "250 ok", "354 go on")
            await peer.until("\r\n.\r\n")
            peer.say("250 queued")
            await sending
            assert dispatches < 50

    run(main)


@in_asyncio
def test_a_stream_of_asyncio(run: Run, server: ScriptedServer) -> None:
    server.play(HELLO, SEND, QUIT)

    async def main() -> None:
        reader = asyncio.StreamReader()
        async with aio.AsyncConnection("127.0.0.1", server.port) as connection:
            sending = connection.start_send(ENVELOPE, reader)
            for number in range(3):
                await turns()
                reader.feed_data(f"{number}\r\n".encode())
            reader.feed_eof()
            await sending

    run(main)
    server.check()
    assert server.messages == [b"0\r\n1\r\n2\r\n"]


# --- tokens ---------------------------------------------------------------------


def bearer(token: str) -> str:
    text = f"user=user\x01auth=Bearer {token}\x01\x01"
    return base64.b64encode(text.encode()).decode()


@in_every_loop
def test_a_token_of_a_coroutine_function(run: Run) -> None:
    asked: list[bool] = []

    async def token(renew: bool) -> tuple[str, float]:
        asked.append(renew)
        await turns(3)
        return f"token{len(asked)}", 4_000_000_000.0

    async def main() -> None:
        peer = Peer()
        async with peer.opened(allow_insecure_auth=True) as connection:
            async with anyio.create_task_group() as group:
                group.start_soon(lambda: connection.login("user", token=token))
                assert bearer("token1") in await peer.until("\r\n")
                peer.say("535 5.7.8 no")
                assert bearer("token2") in await peer.until("\r\n")
                peer.say("235 ok")
            assert connection.is_authenticated
        assert asked == [False, True]

    run(main)


@in_every_loop
def test_a_token_of_a_function(run: Run) -> None:
    async def main() -> None:
        peer = Peer()
        async with peer.opened(allow_insecure_auth=True) as connection:
            async with anyio.create_task_group() as group:
                group.start_soon(lambda: connection.login("user", token=lambda renew: "mine"))
                assert bearer("mine") in await peer.until("\r\n")
                peer.say("235 ok")
            assert connection.is_authenticated

    run(main)


@in_every_loop
def test_a_token_that_fails(run: Run) -> None:
    async def failing(renew: bool) -> str:
        await turns(3)
        raise ZeroDivisionError("mine")

    async def wrong(renew: bool) -> Any:
        return 5

    async def main() -> None:
        peer = Peer()
        async with peer.opened(allow_insecure_auth=True) as connection:
            with pytest.raises(ZeroDivisionError, match="mine") as caught:
                await connection.login("user", token=failing)
            assert isinstance(caught.value.__context__, smtpconn.SMTPConnError)
            with pytest.raises(TypeError, match="access token"):
                await connection.login("user", token=wrong)
            assert connection.is_open

    run(main)


@in_every_loop
def test_a_connection_that_is_lost_while_a_token_comes(run: Run) -> None:
    """The token comes too late, and nobody wants it."""
    given: list[str] = []

    async def main() -> None:
        peer = Peer()
        event = anyio.Event()

        async def token(renew: bool) -> str:
            await event.wait()
            given.append("token")
            return "token"

        async with peer.opened(allow_insecure_auth=True) as connection:
            async with anyio.create_task_group() as group:

                async def login() -> None:
                    with pytest.raises(smtpconn.ConnectionLostError):
                        await connection.login("user", token=token)

                group.start_soon(login)
                await turns()
                peer.theirs.close()
            event.set()
            await turns()
        assert given in ([], ["token"])

    run(main)
