"""smtpconn.aio: the functions of the program that a connection calls."""

from __future__ import annotations

from typing import Callable

import anyio
import pytest

import smtpconn
from event_loops import Main, Peer, in_every_loop, turns
from scripted_server import HELLO, ScriptedServer
from smtpconn import aio

ENVELOPE = smtpconn.Envelope("a@example.org", ["b@example.org"])
Run = Callable[[Main], None]


@in_every_loop
def test_handlers_may_be_coroutine_functions(run: Run) -> None:
    events: list[object] = []

    async def on_connect(connection: aio.AsyncConnection) -> None:
        await turns(3)
        assert connection.is_open
        events.append("connect")

    async def on_error(connection: aio.AsyncConnection, error: smtpconn.SMTPConnError) -> None:
        await turns(3)
        events.append(type(error))

    async def on_end(connection: aio.AsyncConnection) -> None:
        await turns(20)
        events.append("end")

    async def main() -> None:
        peer = Peer()
        connection = aio.AsyncConnection(
            connection=peer.ours, on_connect=on_connect, on_error=on_error, on_end=on_end
        )
        peer.ours.close()
        async with anyio.create_task_group() as group:
            group.start_soon(peer.greet)
            await connection.__aenter__()
        assert events == ["connect"]
        peer.theirs.close()
        with pytest.raises(smtpconn.ConnectionLostError):
            await connection.noop()
        # It waits for the handlers.
        await connection.__aexit__(None, None, None)
        assert events == ["connect", smtpconn.ConnectionLostError, "end"]

    run(main)


@in_every_loop
def test_exceptions_of_handlers(run: Run, caplog: pytest.LogCaptureFixture) -> None:
    async def on_end(connection: aio.AsyncConnection) -> None:
        await turns(1)
        raise ZeroDivisionError

    def on_error(connection: aio.AsyncConnection, error: smtpconn.SMTPConnError) -> None:
        raise ZeroDivisionError

    async def main() -> None:
        peer = Peer()
        async with peer.opened(on_end=on_end, on_error=on_error) as connection:
            peer.theirs.close()
            with pytest.raises(smtpconn.ConnectionLostError):
                await connection.noop()
            await connection._settled()
        reported = [record.message for record in caplog.records if record.levelname == "ERROR"]
        assert len(reported) == 2
        assert reported[0].startswith("on_error")
        assert reported[1].startswith("on_end")

    run(main)


@in_every_loop
def test_an_exception_of_on_connect(run: Run, server: ScriptedServer) -> None:
    server.play(HELLO, "E:").play(HELLO, "E:")

    async def coroutine(connection: aio.AsyncConnection) -> None:
        raise ZeroDivisionError

    def function(connection: aio.AsyncConnection) -> None:
        raise ZeroDivisionError

    async def main() -> None:
        for handler in (coroutine, function):
            with pytest.raises(ZeroDivisionError):
                async with aio.AsyncConnection("127.0.0.1", server.port, on_connect=handler):
                    raise AssertionError

    run(main)
    server.check()


@in_every_loop
def test_a_hook_that_decides(run: Run, caplog: pytest.LogCaptureFixture) -> None:
    """What it raises is why connect fails, and is not reported a second time."""

    def refuse(address: int) -> None:
        raise ZeroDivisionError

    async def main() -> None:
        peer = Peer()
        connection = aio.AsyncConnection(
            connection=peer.ours, secure=True, tls_context_callback=refuse
        )
        peer.ours.close()
        with pytest.raises(ZeroDivisionError) as caught:
            await connection.connect()
        assert isinstance(caught.value.__context__, smtpconn.TLSError)
        connection.close()
        peer.theirs.close()
        assert [record for record in caplog.records if record.levelname == "ERROR"] == []

    run(main)
