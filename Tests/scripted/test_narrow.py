"""Thousands of recipients, and a server that has room for little of what it has not
answered: the client reads while it writes, or both wait for ever."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest

from conftest import Opener
from support.drive.connection import Connection, Operation
from support.drive.outcomes import (
    ACCEPTED,
    DEFERRED,
    NOT_TRIED,
    REJECTED,
    RETRY_SAFE,
    RETRY_UNKNOWN,
    UNKNOWN,
)
from support.messages.model import contents_that_left
from support.messages.modes import OPTIMISTIC, Mode, in_groups
from support.servers.script import script
from support.servers.scripted import PATIENCE, Peer, ScriptedServer
from support.servers.strict import Ending, StrictServer, Verdict, judging
from support.slowness import repeated

COUNT = repeated(10_000)
NAMES = [f"recipient-{number}@a-somewhat-longer-domain.example.com" for number in range(COUNT)]
CONTENT = b"Subject: x\r\n\r\n.one\r\n"


def narrow(strict: StrictServer) -> ScriptedServer:
    """It reads no more than a few commands at a time, and only when it has answered."""
    strict.most_at_a_time = 512
    return ScriptedServer(script(Peer.shrink_buffers, strict), receive_buffer=4096)


#: A socket of the caller's with little room for what is sent: most of a group waits in the
#: library. Else all of it is the system's at once.
ROOM: dict[str, dict[str, str]] = {"narrow": {"socket": "narrow4"}, "wide": {}}
by_room = pytest.mark.parametrize("room", ROOM)


def opened(connect: Opener, server: ScriptedServer, mode: Mode, room: str = "narrow") -> Connection:
    return connect.opened(server, **mode.options, **ROOM[room])


def start_sends(connection: Connection) -> list[Operation]:
    """The large one and one after it."""
    with connection.drive.held():
        return [
            connection.start_send(CONTENT, recipients=NAMES),
            connection.start_send(CONTENT, sender="other@example.com"),
        ]


@by_room
@in_groups
def test_all_accepted(connect: Opener, mode: Mode, room: str) -> None:
    strict = StrictServer(mode.capabilities)
    with narrow(strict) as server:
        connection = opened(connect, server, mode, room)
        first, second = start_sends(connection)
        assert first.result().accepted == COUNT
        second.succeeds()
        connection.start_quit().succeeds()
    assert [copy.recipient.decode() for copy in strict.deliveries] == [*NAMES, "b@example.com"]
    assert {copy.content for copy in strict.deliveries} == {CONTENT}


@in_groups
def test_some_refused(connect: Opener, mode: Mode) -> None:
    """Each has the answer that was meant for it."""
    refused = {0: b"550 no", 1: b"450 later", COUNT // 2: b"550 5.1.1 no", COUNT - 1: b"451 later"}
    judge = judging(
        {("RCPT", NAMES[place].encode()): Verdict(reply) for place, reply in refused.items()}
    )
    strict = StrictServer(mode.capabilities, judge)
    with narrow(strict) as server:
        connection = opened(connect, server, mode)
        first, second = start_sends(connection)
        result = first.result()
        second.succeeds()
        connection.start_quit().succeeds()
    for place, line in enumerate(result.recipients):
        reply = refused.get(place)
        status = {None: ACCEPTED, b"5": REJECTED, b"4": DEFERRED}[reply and reply[:1]]
        assert line.status == status, place
        assert line.response == (reply.decode() if reply else f"250 2.1.5 ok {NAMES[place]}")
    assert len(strict.deliveries) == COUNT - len(refused) + 1


def expect_lost(strict: StrictServer, operations: list[Operation]) -> None:
    """Only what had left as a whole when the server went away is in doubt; the server has
    read what was on the way."""
    left = contents_that_left(strict)
    for sender, operation in zip((b"a@example.com", b"other@example.com"), operations, strict=True):
        failure = operation.fails("ECONNECTION")
        assert failure.retry == (RETRY_UNKNOWN if sender in left else RETRY_SAFE)
        statuses = set(operation.result().statuses)
        assert statuses == {UNKNOWN if sender in left else NOT_TRIED}
    assert not strict.deliveries


@in_groups
def test_421_in_the_middle(connect: Opener, mode: Mode) -> None:
    """Many of the commands have not left. The error has the server's reason in any case."""
    about = NAMES[COUNT // 2].encode()
    strict = StrictServer(
        mode.capabilities, judging({("RCPT", about): Verdict(b"421 4.7.0 too many")})
    )
    with narrow(strict) as server:
        connection = opened(connect, server, mode)
        operations = start_sends(connection)
        for operation in operations:
            assert operation.fails("ECONNECTION").response == "421 4.7.0 too many"
        connection.wait_end()
    expect_lost(strict, operations)


@pytest.mark.parametrize("ending", ["before", "behind"])
@in_groups
def test_closed_in_the_middle(connect: Opener, mode: Mode, ending: Ending) -> None:
    about = NAMES[COUNT // 2].encode()
    strict = StrictServer(mode.capabilities, judging({("RCPT", about): Verdict(None, ending)}))
    with narrow(strict) as server:
        connection = opened(connect, server, mode)
        operations = start_sends(connection)
        connection.wait_end()
    expect_lost(strict, operations)


@in_groups
def test_messages_through_small_buffers(connect: Opener, mode: Mode) -> None:
    """Many small ones, and some that are larger than all the room on the way."""
    strict = StrictServer(mode.capabilities)
    contents = [b"x" * 70 * (number % 7) * 40 + b"\r\n%d\r\n" % number for number in range(60)]
    with narrow(strict) as server:
        connection = opened(connect, server, mode)
        with connection.drive.held():
            operations = [connection.start_send(content) for content in contents]
        for operation in operations:
            operation.succeeds()
        connection.start_quit().succeeds()
    assert [copy.content for copy in strict.deliveries] == contents


@in_groups
def test_a_server_that_is_late(connect: Opener, mode: Mode) -> None:
    """It reads a little and sends nothing for a while. No other connection is delayed."""
    reads_on = threading.Event()

    def answering(replies: bytes) -> Iterator[bytes]:
        assert not replies.startswith(b"250 2.1.0") or reads_on.wait(PATIENCE)
        yield replies

    strict = StrictServer(mode.capabilities, answering=answering)
    with narrow(strict) as server:
        connection = opened(connect, server, mode)
        operations = start_sends(connection)
        server.wait_for(b"MAIL FROM:")
        # The group fills all the room there is.
        assert connection.info()["open"] == 1
        with ScriptedServer(StrictServer(mode.capabilities)) as other:
            neighbour = connect.opened(other, **mode.options)
            neighbour.delivers()
        reads_on.set()
        for operation in operations:
            operation.succeeds()
        connection.start_quit().succeeds()
    assert len(strict.deliveries) == COUNT + 1


@pytest.mark.parametrize("mode", [OPTIMISTIC], ids=str)
def test_in_doubt_is_what_the_system_has(connect: Opener, mode: Mode) -> None:
    """All of the group has left the library, although the server has read little of it:
    whether it will is not known."""
    about = NAMES[COUNT // 2].encode()
    strict = StrictServer(mode.capabilities, judging({("RCPT", about): Verdict(None, "before")}))
    with narrow(strict) as server:
        connection = opened(connect, server, mode, "wide")
        operations = start_sends(connection)
        for operation in operations:
            assert operation.fails("ECONNECTION").retry == RETRY_UNKNOWN
            assert set(operation.result().statuses) == {UNKNOWN}
        connection.wait_end()
    assert not strict.deliveries
