"""smtpconn.aio: tasks that are cancelled while an operation is queued or under way."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, Callable

import anyio
import pytest

import smtpconn
from event_loops import Main, Peer, in_asyncio, in_every_loop, turns
from smtpconn import aio

ENVELOPE = smtpconn.Envelope("a@example.org", ["b@example.org"])
Run = Callable[[Main], None]


@asynccontextmanager
async def fail_after(seconds: float) -> AsyncIterator[None]:
    with anyio.fail_after(seconds):
        yield


#: Since Python 3.11.
timeout: Any = getattr(asyncio, "timeout", fail_after)


class Abandoned:
    """Collects the sends that went on without their task."""

    def __init__(self) -> None:
        self.sends: list[aio.Sending] = []

    def __call__(self, connection: aio.AsyncConnection, sending: aio.Sending) -> None:
        assert sending.done
        self.sends.append(sending)


@in_every_loop
def test_a_queued_send_is_withdrawn(run: Run) -> None:
    async def main() -> None:
        peer, abandoned = Peer(), Abandoned()
        async with peer.opened(on_abandoned=abandoned) as connection:
            first = connection.start_send(ENVELOPE, "1\r\n")
            await peer.until("DATA\r\n")
            with anyio.move_on_after(0) as scope:
                await connection.send(ENVELOPE, "2\r\n")
            assert scope.cancelled_caught
            third = connection.start_send(ENVELOPE, "3\r\n")
            peer.say("250 ok", "250 ok", "354 go on")
            assert "1\r\n.\r\n" in await peer.until("\r\n.\r\n")
            peer.say("250 queued")
            await first
            assert "2\r\n" not in await peer.until("DATA\r\n")
            peer.say("250 ok", "250 ok", "250 ok", "354 go on")
            assert await peer.until("\r\n.\r\n") == "3\r\n.\r\n"
            peer.say("250 queued")
            await third
            await turns()
        assert abandoned.sends == []

    run(main)


@in_every_loop
def test_a_send_that_has_begun_goes_on(run: Run) -> None:
    async def main() -> None:
        peer, abandoned = Peer(), Abandoned()
        async with peer.opened(on_abandoned=abandoned) as connection:
            for reply in ("250 queued as 4F2A", "550 5.7.1 no"):
                async with anyio.create_task_group() as group:
                    group.start_soon(connection.send, ENVELOPE, "x\r\n")
                    await peer.take_message()
                    group.cancel_scope.cancel()
                await turns()
                assert not abandoned.sends
                peer.say(reply)
                # What follows is not disturbed.
                async with anyio.create_task_group() as group:
                    group.start_soon(connection.reset)
                    await peer.until("RSET\r\n")
                    peer.say("250 ok")
                (sending,) = abandoned.sends
                abandoned.sends.clear()
                assert sending.envelope is ENVELOPE
                assert sending.result is not None
                if reply.startswith("250"):
                    assert sending.error is None
                    assert sending.result.queue_id == "4F2A"
                else:
                    assert isinstance(sending.error, smtpconn.MessageError)

    run(main)


@in_every_loop
def test_without_a_handler_the_outcome_is_logged(
    run: Run, caplog: pytest.LogCaptureFixture
) -> None:
    async def main() -> None:
        peer = Peer()
        async with peer.opened() as connection:
            for _ in range(2):
                async with anyio.create_task_group() as group:
                    group.start_soon(connection.send, ENVELOPE, "x\r\n")
                    await peer.take_message()
                    group.cancel_scope.cancel()
                if connection.is_open and not caplog.records:
                    peer.say("250 queued")
                    await turns()
            connection.close()
        lines = [record.message for record in caplog.records if record.levelname == "WARNING"]
        (one, two) = [line for line in lines if "<a@example.org>" in line]
        assert "delivered" in one
        assert "may have been delivered" in two

    run(main)


@in_every_loop
def test_handles_are_cancelled_only_when_asked(run: Run) -> None:
    async def main() -> None:
        peer, abandoned = Peer(), Abandoned()
        async with peer.opened(on_abandoned=abandoned) as connection:
            first = connection.start_send(ENVELOPE, "1\r\n")
            second = connection.start_send(ENVELOPE, "2\r\n")

            async def wait(sending: aio.Sending) -> None:
                await sending

            async with anyio.create_task_group() as group:
                group.start_soon(wait, first)
                group.start_soon(wait, second)
                await peer.until("DATA\r\n")
                group.cancel_scope.cancel()
            assert not first.done
            assert not second.done
            assert second.cancel() is True
            assert second.cancel() is False
            assert first.cancel() is False
            with pytest.raises(smtpconn.CancelledError) as caught:
                await second
            assert caught.value.retry is smtpconn.Retry.SAFE
            peer.say("250 ok", "250 ok", "354 go on")
            await peer.until("\r\n.\r\n")
            peer.say("250 queued")
            assert (await first).accepted == ["b@example.org"]
            assert first.cancel() is False
        assert abandoned.sends == []

    run(main)


@in_asyncio
def test_a_send_that_ends_when_its_task_is_cancelled(run: Run) -> None:
    """In the same step of the event loop: its outcome is not lost."""

    async def main() -> None:
        peer, abandoned = Peer(), Abandoned()
        async with peer.opened(on_abandoned=abandoned) as connection:
            task = asyncio.ensure_future(connection.send(ENVELOPE, "x\r\n"))
            await peer.take_message()
            peer.say("250 queued as 4F2A")
            while connection._awaited:
                connection._shared._ready()
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
            (sending,) = abandoned.sends
            assert sending.result is not None
            assert sending.result.queue_id == "4F2A"

    run(main)


@in_asyncio
def test_timeouts_of_asyncio(run: Run) -> None:
    async def main() -> None:
        peer, abandoned = Peer(), Abandoned()
        async with peer.opened(on_abandoned=abandoned) as connection:
            first = asyncio.ensure_future(connection.send(ENVELOPE, "1\r\n"))
            await peer.until("DATA\r\n")
            with pytest.raises(TimeoutError):
                async with timeout(0.01):
                    await connection.send(ENVELOPE, "2\r\n")
            with pytest.raises(asyncio.TimeoutError):
                await asyncio.wait_for(connection.send(ENVELOPE, "3\r\n"), 0.01)
            with pytest.raises(asyncio.TimeoutError):
                await asyncio.wait_for(first, 0.01)
            peer.say("250 ok", "250 ok", "354 go on")
            await peer.until("1\r\n.\r\n")
            peer.say("250 queued")
            reply = asyncio.ensure_future(connection.noop())
            assert "MAIL" not in await peer.until("NOOP\r\n")
            peer.say("250 ok")
            await reply
            (sending,) = abandoned.sends
            assert sending.error is None

    run(main)


@in_every_loop
def test_connect_is_cancelled(run: Run) -> None:
    async def main() -> None:
        for wait in (False, True):
            peer = Peer()
            connection = aio.AsyncConnection(connection=peer.ours)
            peer.ours.close()
            async with anyio.create_task_group() as group:
                group.start_soon(connection.connect)
                if wait:
                    peer.say("220 test")
                    await peer.until("EHLO ")
                    await peer.until("\r\n")
                group.cancel_scope.cancel()
            if wait:
                assert await peer.rest() == ""
            await turns()
            assert connection.stage is smtpconn.Stage.CLOSED
            connection.close()
            assert await peer.rest() == ""
            peer.theirs.close()

    run(main)


@in_every_loop
def test_entering_is_cancelled(run: Run) -> None:
    async def main() -> None:
        peer = Peer()
        connection = aio.AsyncConnection(connection=peer.ours)
        peer.ours.close()
        with anyio.move_on_after(0.01):
            async with connection:
                raise AssertionError
        assert connection.closed
        assert await peer.rest() == ""
        peer.theirs.close()

    run(main)


@in_every_loop
def test_a_login_that_waits_for_a_token_is_cancelled(run: Run) -> None:
    ended: list[str] = []

    async def token(renew: bool) -> str:
        try:
            await anyio.sleep_forever()
        finally:
            ended.append("token")
        raise AssertionError

    async def main() -> None:
        peer = Peer()
        async with peer.opened(allow_insecure_auth=True) as connection:
            async with anyio.create_task_group() as group:
                group.start_soon(lambda: connection.login("user", token=token))
                await turns()
                assert not ended
                group.cancel_scope.cancel()
            async with anyio.create_task_group() as group:
                group.start_soon(connection.noop)
                await peer.until("NOOP\r\n")
                peer.say("250 ok")
            assert ended == ["token"]
            assert not connection.is_authenticated

    run(main)


@in_every_loop
def test_a_login_that_has_begun_goes_on(run: Run) -> None:
    async def main() -> None:
        peer = Peer()
        async with peer.opened(allow_insecure_auth=True) as connection:
            async with anyio.create_task_group() as group:
                group.start_soon(connection.login, "user", "password")
                await peer.until("AUTH PLAIN ")
                await peer.until("\r\n")
                group.cancel_scope.cancel()
            peer.say("235 ok")
            await turns()
            assert connection.is_authenticated

    run(main)


@in_every_loop
def test_queued_commands_are_withdrawn(run: Run) -> None:
    async def main() -> None:
        peer = Peer()
        async with peer.opened(allow_insecure_auth=True) as connection:
            async with anyio.create_task_group() as group:
                group.start_soon(connection.noop)
                await peer.until("NOOP\r\n")
                async with anyio.create_task_group() as inner:
                    inner.start_soon(connection.verify, "ann")
                    inner.start_soon(connection.login, "user", "password")
                    await turns()
                    inner.start_soon(connection.quit)
                    await turns()
                    inner.cancel_scope.cancel()
                peer.say("250 ok")
            async with anyio.create_task_group() as group:
                group.start_soon(connection.reset)
                assert await peer.until("\r\n") == "RSET\r\n"
                peer.say("250 ok")
            assert connection.is_open

    run(main)


@in_every_loop
def test_quit_is_cancelled(run: Run) -> None:
    async def main() -> None:
        peer = Peer()
        async with peer.opened() as connection:
            async with anyio.create_task_group() as group:
                group.start_soon(connection.quit)
                await peer.until("QUIT\r\n")
                group.cancel_scope.cancel()
            assert await peer.rest() == ""
            assert not connection.is_open

    run(main)


@in_every_loop
def test_the_body_is_cancelled(run: Run) -> None:
    """The connection is closed at once, without QUIT; a send under way says what became of it."""

    async def main() -> None:
        peer, abandoned = Peer(), Abandoned()

        async def work() -> None:
            connection = aio.AsyncConnection(connection=peer.ours, on_abandoned=abandoned)
            peer.ours.close()
            async with connection:
                await connection.send(ENVELOPE, "x\r\n")

        async with anyio.create_task_group() as group:
            group.start_soon(work)
            await peer.greet()
            await peer.take_message()
            group.cancel_scope.cancel()
        assert "QUIT" not in await peer.rest()
        (sending,) = abandoned.sends
        assert isinstance(sending.error, smtpconn.CancelledError)
        assert sending.error.retry is smtpconn.Retry.UNKNOWN
        assert sending.result is not None
        assert sending.result.unknown == ["b@example.org"]
        peer.theirs.close()

    run(main)


@in_asyncio
def test_an_idle_body_is_cancelled(run: Run) -> None:
    """A task that is to end does not wait for a reply to QUIT.  asyncio would let it wait."""

    async def main() -> None:
        peer = Peer()

        async def work() -> None:
            connection = aio.AsyncConnection(connection=peer.ours)
            peer.ours.close()
            async with connection:
                await anyio.sleep_forever()

        task = asyncio.ensure_future(work())
        await peer.greet()
        await turns()
        task.cancel()
        assert await peer.rest() == ""
        with pytest.raises(asyncio.CancelledError):
            await task
        peer.theirs.close()

    run(main)


@in_every_loop
def test_a_send_of_an_iterable_is_cancelled(run: Run) -> None:
    ended: list[str] = []

    async def chunks() -> AsyncIterator[str]:
        try:
            yield "one\r\n"
            await anyio.sleep_forever()
        finally:
            ended.append("source")

    async def main() -> None:
        peer, abandoned = Peer(), Abandoned()
        async with peer.opened(on_abandoned=abandoned) as connection:
            async with anyio.create_task_group() as group:
                group.start_soon(connection.send, ENVELOPE, chunks())
                await peer.until("MAIL")
                await peer.until("DATA\r\n")
                peer.say("250 ok", "250 ok", "354 go on")
                await peer.until("one\r\n")
                group.cancel_scope.cancel()
            assert "\r\n.\r\n" not in await peer.rest()
            await turns()
            assert ended == ["source"]
            (sending,) = abandoned.sends
            assert isinstance(sending.error, smtpconn.StreamError)
            assert sending.result is not None
            assert sending.result.accepted == []
            assert sending.result.unknown == []

    run(main)


@in_every_loop
def test_a_queued_iterable_can_be_sent_later(run: Run) -> None:
    async def chunks() -> AsyncIterator[str]:
        yield "one\r\n"

    async def main() -> None:
        peer = Peer()
        async with peer.opened() as connection:
            source = chunks()
            first = connection.start_send(ENVELOPE, "1\r\n")
            await peer.until("DATA\r\n")
            second = connection.start_send(ENVELOPE, source)
            with pytest.raises(smtpconn.MessageError, match="being sent already"):
                connection.start_send(ENVELOPE, source)
            assert second.cancel()
            with pytest.raises(smtpconn.CancelledError):
                await second
            third = connection.start_send(ENVELOPE, source)
            peer.say("250 ok", "250 ok", "354 go on")
            await peer.until("\r\n.\r\n")
            peer.say("250 queued")
            await first
            await peer.until("MAIL")
            peer.say("250 ok")
            await peer.until("DATA\r\n")
            peer.say("250 ok", "250 ok", "354 go on")
            assert await peer.until("\r\n.\r\n") == "one\r\n.\r\n"
            peer.say("250 queued")
            await third

    run(main)


@in_asyncio
def test_interrupted(run: Run) -> None:
    """What is no Exception leaves the event loop at once."""

    def chunks() -> Any:
        yield "one\r\n"
        raise KeyboardInterrupt

    async def main() -> None:
        peer = Peer()
        async with peer.opened() as connection:
            sending = connection.start_send(ENVELOPE, chunks())
            await peer.until("DATA\r\n")
            peer.say("250 ok", "250 ok", "354 go on")
            await sending

    with pytest.raises(KeyboardInterrupt):
        run(main)
