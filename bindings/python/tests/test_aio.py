"""smtpconn.aio: what a connection does, in every event loop."""

from __future__ import annotations

import asyncio
import gc
import weakref
from collections.abc import AsyncIterator
from email.message import EmailMessage
from typing import Any, Callable

import anyio
import pytest

import smtpconn
from event_loops import Main, Peer, in_asyncio, in_every_loop, numbers, turns
from scripted_server import HELLO, LIMIT, QUIT, SEND, ScriptedServer
from smtpconn import aio

ENVELOPE = smtpconn.Envelope("a@example.org", ["b@example.org"])
Run = Callable[[Main], None]

LOGIN = "C: AUTH PLAIN *\nS: 235 2.7.0 ok\n"
COMMANDS = """
C: NOOP
S: 250 ok
C: VRFY ann
S: 252 perhaps
C: EXPN staff
S: 550 5.1.1 no
C: XSTATUS queue
S: 250 0
C: RSET
S: 250 ok
"""

# The commands of each message come before the final reply to the one before is sent: a client that
# waits for that would wait for ever.
FIRST = """
C: MAIL *
C: RCPT *
C: DATA
S: 250 ok
S: 250 ok
S: 354 go on
M:
"""
NEXT = """
C: RSET
C: MAIL *
C: RCPT *
C: DATA
S: 250 queued
S: 250 ok
S: 250 ok
S: 250 ok
S: 354 go on
M:
"""
LAST = "S: 250 queued"


@in_every_loop
def test_a_conversation(run: Run, server: ScriptedServer) -> None:
    server.play(HELLO, LOGIN, SEND, COMMANDS, SEND, QUIT)
    message = EmailMessage()
    message["From"], message["To"] = "a@example.org", "b@example.org"
    message.set_content("Hello\n")

    async def main() -> None:
        connection = aio.AsyncConnection("127.0.0.1", server.port)
        assert connection.stage.name == "NEW"
        async with connection as entered:
            assert entered is connection
            await connection.connect()  # It is open already.
            await connection.login("user", "password")
            assert connection.is_open
            assert connection.is_authenticated
            assert connection.has_capability("8bitmime")
            result = await connection.send("a@example.org", "b@example.org", "x\n", size=3)
            assert result.queue_id == "4F2A"
            assert (await connection.noop()).code == 250
            assert (await connection.verify("ann")).code == 252
            with pytest.raises(smtpconn.CommandError) as caught:
                await connection.expand("staff")
            assert caught.value.enhanced == "5.1.1"
            assert (await connection.command("XSTATUS queue")).lines == ("0",)
            await connection.reset()
            assert (await connection.send_message(message)).accepted == ["b@example.org"]
            assert repr(connection).startswith("<smtpconn.aio.AsyncConnection 127.0.0.1:")
        assert connection.closed
        assert connection.stage is smtpconn.Stage.CLOSED
        connection.close()

    run(main)
    server.check()
    assert server.messages[0] == b"x\r\n"


@in_asyncio
def test_a_hundred_sends_are_pipelined_in_order(run: Run, server: ScriptedServer) -> None:
    server.play(HELLO.replace("8BITMIME", "PIPELINING"), FIRST, *[NEXT] * 99, LAST, QUIT)

    async def main() -> None:
        async with aio.AsyncConnection("127.0.0.1", server.port) as connection:
            sends = [connection.send(ENVELOPE, f"{number}\r\n") for number in range(100)]
            results = await asyncio.gather(*sends)
            assert all(result.accepted for result in results)

    run(main)
    server.check()
    assert numbers(server) == list(range(100))


@in_every_loop
def test_sends_of_many_tasks_are_pipelined(run: Run, server: ScriptedServer) -> None:
    server.play(HELLO.replace("8BITMIME", "PIPELINING"), FIRST, *[NEXT] * 9, LAST, QUIT)

    async def main() -> None:
        async with (
            aio.AsyncConnection("127.0.0.1", server.port) as connection,
            anyio.create_task_group() as group,
        ):
            for number in range(10):
                group.start_soon(connection.send, ENVELOPE, f"{number}\r\n")

    run(main)
    server.check()
    assert sorted(numbers(server)) == list(range(10))


@in_every_loop
def test_handles(run: Run) -> None:
    async def main() -> None:
        peer = Peer()
        async with peer.opened() as connection:
            sending = connection.start_send(ENVELOPE, "x\r\n")
            assert not sending.done
            assert sending.result is None
            assert sending.error is None
            assert "pending" in repr(sending)
            results: list[smtpconn.Result] = []

            async def wait() -> None:
                results.append(await sending)

            async with anyio.create_task_group() as group:
                group.start_soon(wait)
                group.start_soon(wait)
                await peer.take_message()
                peer.say("250 queued")
            results.append(await sending)
            assert sending.done
            assert "sent" in repr(sending)
            assert results == [sending.result] * 3
            refused = connection.start_send(ENVELOPE, "y\r\n")
            await peer.until("DATA\r\n")
            peer.say("250 ok", "550 5.1.1 no", "503 no")
            for _ in range(2):
                with pytest.raises(smtpconn.EnvelopeError):
                    await refused
            assert isinstance(refused.error, smtpconn.EnvelopeError)
            assert refused.result is not None
            assert refused.result.rejected == ["b@example.org"]
            assert "EENVELOPE" in repr(refused)

    run(main)


@in_every_loop
def test_bad_arguments_are_refused_at_once(run: Run) -> None:
    async def main() -> None:
        peer = Peer()
        async with peer.opened() as connection:
            with pytest.raises(TypeError, match="message must be"):
                await connection.send(ENVELOPE, 5)  # type: ignore[call-overload]
            with pytest.raises(TypeError, match="to_addrs"):
                await connection.send(ENVELOPE, "x", "y")  # type: ignore[call-overload]
            with pytest.raises(smtpconn.MessageError, match="empty"):
                await connection.send(ENVELOPE, "")
            with pytest.raises(TypeError, match="token must be callable"):
                await connection.login("user", token="x")  # type: ignore[arg-type]
            with pytest.raises(smtpconn.CommandError):
                await connection.command("a\r\nb")
            assert not connection._awaited
        with pytest.raises(smtpconn.OptionsError):
            aio.AsyncConnection(port=70000)
        with pytest.raises(smtpconn.StateError, match="closed"):
            await connection.send(ENVELOPE, "x")

    run(main)


@in_every_loop
def test_a_lost_connection_ends_every_wait(run: Run) -> None:
    async def main() -> None:
        peer = Peer()
        events: list[Any] = []
        caught: list[smtpconn.SMTPConnError] = []
        async with peer.opened(
            on_error=lambda _connection, error: events.append(type(error)),
            on_end=lambda _connection: events.append("end"),
        ) as connection:

            async def send() -> None:
                with pytest.raises(smtpconn.ConnectionLostError) as error:
                    await connection.send(ENVELOPE, "x\r\n")
                caught.append(error.value)

            async with anyio.create_task_group() as group:
                for _ in range(20):
                    group.start_soon(send)
                await peer.take_message()
                peer.theirs.close()
            retries = [error.retry for error in caught]
            assert retries.count(smtpconn.Retry.UNKNOWN) == 1
            assert retries.count(smtpconn.Retry.SAFE) == 19
            await turns()
            assert events == [smtpconn.ConnectionLostError, "end"]
            await connection.quit()  # It was lost, which is no error.
            with pytest.raises(smtpconn.StateError):
                await connection.noop()

    run(main)


@in_every_loop
def test_closing_ends_every_wait(run: Run) -> None:
    async def main() -> None:
        peer = Peer()
        ended: list[object] = []
        async with peer.opened(on_end=ended.append) as connection:

            async def send() -> None:
                with pytest.raises(smtpconn.CancelledError):
                    await connection.send(ENVELOPE, "x\r\n")

            async with anyio.create_task_group() as group:
                for _ in range(20):
                    group.start_soon(send)
                await peer.take_message()
                connection.close()
                connection.close()
            assert ended == [connection]

    run(main)


@in_every_loop
def test_an_exception_in_the_body(run: Run, server: ScriptedServer) -> None:
    server.play(HELLO, QUIT).play(HELLO, "C: NOOP", "E:")

    async def main() -> None:
        with pytest.raises(ZeroDivisionError):
            async with aio.AsyncConnection("127.0.0.1", server.port):
                raise ZeroDivisionError

        async with anyio.create_task_group() as group:
            with pytest.raises(ZeroDivisionError):
                async with aio.AsyncConnection("127.0.0.1", server.port) as connection:

                    async def noop() -> None:
                        with pytest.raises(smtpconn.CancelledError):
                            await connection.noop()

                    group.start_soon(noop)
                    await turns()
                    raise ZeroDivisionError  # Something is under way: there is no QUIT.

    run(main)
    server.check()


@in_every_loop
def test_in_one_call(run: Run, server: ScriptedServer) -> None:
    server.play(HELLO, LOGIN, SEND, QUIT).play(HELLO, SEND, QUIT)
    message = EmailMessage()
    message["From"], message["To"] = "a@example.org", "b@example.org"

    async def parts() -> AsyncIterator[bytes]:
        yield b"x\r\n"

    async def main() -> None:
        result = await aio.send(
            message, host="127.0.0.1", port=server.port, user="user", password="password"
        )
        assert result.queue_id == "4F2A"
        envelope = smtpconn.Envelope("a@example.org", "b@example.org")
        await aio.send(parts(), url=f"smtp://127.0.0.1:{server.port}", envelope=envelope)
        with pytest.raises(TypeError, match="from_addr"):
            await aio.send(parts(), to_addrs="b@example.org")

    run(main)
    server.check()
    assert server.messages[1] == b"x\r\n"


@in_every_loop
def test_from_a_url(run: Run, server: ScriptedServer) -> None:
    server.play(HELLO, LOGIN, QUIT).play(HELLO, "C: AUTH *\nS: 535 5.7.8 no\n", "E:")

    async def main() -> None:
        url = f"smtp://user:password@127.0.0.1:{server.port}?name=client.example"
        async with await aio.connect(url) as connection:
            assert connection.is_authenticated
            assert connection.client_name == "client.example"
        with pytest.raises(smtpconn.AuthError):
            await aio.connect(url)
        with pytest.raises(smtpconn.OptionsError, match="password is given twice"):
            await aio.connect(url, password="sesame")

    run(main)
    server.check()


@in_every_loop
def test_a_failure_leaves_no_cycle(run: Run) -> None:
    async def main() -> None:
        peer = Peer()
        errors: list[weakref.ref[BaseException]] = []
        async with peer.opened() as connection:

            async def fail() -> None:
                try:
                    await connection.send(ENVELOPE, "x\r\n")
                except smtpconn.SMTPConnError as error:
                    errors.append(weakref.ref(error))

            async with anyio.create_task_group() as group:
                group.start_soon(fail)
                await peer.until("DATA\r\n")
                peer.say("250 ok", "550 5.1.1 no", "503 no")
            await turns(3)
            assert errors[0]() is None

    gc.collect()
    gc.disable()
    try:
        run(main)
    finally:
        gc.enable()


@in_every_loop
def test_connecting_again(run: Run, server: ScriptedServer) -> None:
    server.play(HELLO, QUIT).play(HELLO, "C: NOOP", "X:", "E:").play(HELLO, SEND, QUIT)
    ends: list[object] = []
    message = EmailMessage()
    message["From"] = "a@example.org"

    async def main() -> None:
        async with aio.AsyncConnection(
            "127.0.0.1", server.port, on_end=ends.append, timeout=LIMIT
        ) as connection:
            await connection.quit()
            await connection.quit()
            await connection.connect()
            with pytest.raises(smtpconn.ConnectionLostError):
                await connection.noop()
            await turns()
            assert ends == [connection] * 2
            await connection.connect()
            await connection.send_message(message, to_addrs="b@example.org", size=100)
        assert ends == [connection] * 3

    run(main)
    server.check()
