"""Content in counted chunks (RFC 3030): how many, how large, and what a server may refuse."""

from __future__ import annotations

import os
import re
import threading

import pytest

from conftest import Opener
from support.drive.connection import Connection, Operation, refused_at_once
from support.drive.outcomes import (
    ACCEPTED,
    DEFERRED,
    NOT_TRIED,
    REJECTED,
    RETRY_NO,
    RETRY_SAFE,
    RETRY_UNKNOWN,
)
from support.messages.content import WAYS, wire
from support.messages.content import message as given
from support.messages.modes import CHUNKS, CHUNKS_SINGLY, OPTIMISTIC, Mode
from support.servers.scripted import PATIENCE, Peer, ScriptedServer
from support.servers.strict import StrictServer, Verdict, judging

with_chunks = pytest.mark.parametrize("mode", [CHUNKS, OPTIMISTIC, CHUNKS_SINGLY], ids=str)

#: What has to be repaired, and what would be escaped if it were not counted.
ODD = b"Subject: x\r\n\r\n" + b".one\ntwo\r..three\r\n.\r\n" * 20_000 + b"no end"


def sent(connect: Opener, mode: Mode, content: bytes, way: str) -> StrictServer:
    strict = StrictServer((*mode.capabilities, b"SIZE"))
    connection = connect.opened(strict, **mode.options)
    operation = connection.start_send(message=given(connection.drive, content, way))
    operation.succeeds()
    assert operation.result().message_size == len(wire(content))
    connect.quit(connection)
    assert [copy.content for copy in strict.deliveries] == [wire(content)]
    return strict


@with_chunks
@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("content", [b"", b".", b"a\r", b"a\n.\n", ODD], ids=len)
def test_sizes(connect: Opener, mode: Mode, way: str, content: bytes) -> None:
    """They add up, the last one says so, and none but that is empty. A message in memory
    is one chunk, and its size is known before."""
    strict = sent(connect, mode, content, way)
    sizes = [size for size, _ in strict.chunks]
    assert sum(sizes) == len(wire(content))
    assert [is_last for _, is_last in strict.chunks] == [False] * (len(sizes) - 1) + [True]
    assert 0 not in sizes[:-1]
    said = b"".join(strict.groups)
    if way in ("copy", "borrowed"):
        assert len(sizes) == 1
        assert b" SIZE=%d\r\n" % sizes[0] in said
    else:
        assert content is not ODD or len(sizes) > 2
        assert b" SIZE=" not in said
    assert b"DATA" not in said


@with_chunks
def test_one_octet_at_a_time(connect: Opener, mode: Mode) -> None:
    """A CR whose LF comes with the next piece is one line end."""
    content = b"a\r\n\rb\n\r\r\n."
    strict = StrictServer(mode.capabilities)
    connection = connect.opened(strict, **mode.options)
    pieces = [content[place : place + 1] for place in range(len(content))]
    connection.delivers(message=connection.drive.reader(*pieces))
    connect.join()
    assert strict.deliveries[0].content == wire(content)
    assert 0 not in [size for size, is_last in strict.chunks if not is_last]


@with_chunks
def test_a_pipe_that_is_slow(connect: Opener, mode: Mode) -> None:
    """What is there travels; the next octets come when the server has the first."""
    strict = StrictServer(mode.capabilities)
    reading, writing = os.pipe()
    with ScriptedServer(strict) as server, os.fdopen(writing, "wb", buffering=0) as pipe:
        connection = connect.opened(server, **mode.options)
        drive = connection.drive
        name = drive.name("m")
        path = f"/proc/{os.getpid()}/fd/{reading}"
        assert drive.call("message", name, "descriptor", path)["reply"] == 1
        os.close(reading)
        pipe.write(b"one\n")
        sending = connection.start_send(message=name)
        server.wait_for(b"BDAT 5\r\none\r\n")
        pipe.write(b"two\n")
        server.wait_for(b"BDAT 5\r\ntwo\r\n")
        pipe.close()
        sending.succeeds()
        connection.start_quit().succeeds()
    assert strict.chunks == [(5, False), (5, False), (0, True)]


@pytest.mark.parametrize("size", [65_536, 65_537])
def test_optimistic_content(connect: Opener, size: int) -> None:
    """Up to 64 KiB with the envelope; a larger message waits for an accepted recipient."""
    strict = StrictServer(
        OPTIMISTIC.capabilities, judging({("MAIL", b"a@example.com"): Verdict(b"550 no")})
    )
    connection = connect.opened(strict, **OPTIMISTIC.options)
    connection.start_send(b"x" * (size - 2) + b"\r\n").fails("EENVELOPE")
    connect.quit(connection)
    assert strict.chunks == [(size, True)] * (size <= 65_536)


# --- refused --------------------------------------------------------------------


@with_chunks
@pytest.mark.parametrize(
    ("reply", "status", "retry"),
    [(b"552 5.3.4 full", REJECTED, RETRY_NO), (b"452 4.3.1 full", DEFERRED, RETRY_SAFE)],
)
def test_refused_chunk(connect: Opener, mode: Mode, reply: bytes, status: int, retry: int) -> None:
    """The connection is as good as before, after RSET: the server sees to it. Nobody asks
    the reader for more."""
    judge = judging({("BDAT", b"a@example.com"): Verdict(reply)})
    strict = StrictServer(mode.capabilities, judge)
    connection = connect.opened(strict, **mode.options)
    drive = connection.drive
    message = drive.reader(b"x\r\n", "!pause", b"y", "!error")
    with drive.held():
        refused = connection.start_send(message=message)
        drive.call("free", "message", message)
        behind = connection.start_send(sender="b@example.com")
    failure = refused.fails("EMESSAGE")
    assert failure.response == reply.decode()
    assert failure.command == "BDAT"
    assert failure.retry == retry
    assert refused.result().statuses == [status]
    behind.succeeds()
    assert drive.released == [message]
    connect.quit(connection)
    assert [copy.sender for copy in strict.deliveries] == [b"b@example.com"]
    assert strict.chunks[0] == (3, False)


@pytest.mark.parametrize("mode", [CHUNKS, OPTIMISTIC], ids=str)
def test_chunks_after_one_that_is_refused(connect: Opener, mode: Mode) -> None:
    """They were under way; their replies are waited for and mean nothing."""
    judge = judging({("BDAT", b"a@example.com"): Verdict(b"554 no")})
    strict = StrictServer(mode.capabilities, judge)
    content = b"x" * 70 + b"\n"
    connection = connect.opened(strict, **mode.options)
    drive = connection.drive
    with drive.held():
        message = drive.reader(*[content * 1000] * 10)
        refused = connection.start_send(message=message)
        behind = connection.start_send(sender="b@example.com")
    assert refused.fails("EMESSAGE").response == "554 no"
    behind.succeeds()
    connect.quit(connection)
    assert [copy.sender for copy in strict.deliveries] == [b"b@example.com"]


class Early:
    """A server that refuses a message when it has only begun to arrive, and reads nothing
    before the client has seen that."""

    def __init__(self) -> None:
        self.seen = threading.Event()

    def __call__(self, peer: Peer) -> None:
        peer.greet(b"PIPELINING", b"CHUNKING")
        peer.expect(b"MAIL FROM:")
        peer.answer(b"RCPT TO:", b"250 ok", b"250 ok")
        peer.expect(b"BDAT ")
        peer.octets(1000)
        peer.reply(b"552 5.3.4 too much")
        assert self.seen.wait(PATIENCE)
        rest = peer.until_closed()
        # Not an octet after the part of the chunk that it has.
        assert not re.search(rb"\r\n(RSET|QUIT|MAIL)", rest)

    def expect_told(self, connection: Connection, operations: list[Operation]) -> None:
        """Where the chunk ends is not agreed on any more: the connection closes."""
        assert operations[0].fails("EMESSAGE").response == "552 5.3.4 too much"
        self.seen.set()
        assert operations[0].result().statuses == [REJECTED]
        for operation in operations[1:]:
            assert operation.fails("ECONNECTION").retry == RETRY_SAFE
            assert operation.result().statuses == [NOT_TRIED]
        connection.wait_end()


@pytest.mark.parametrize("mode", [CHUNKS, OPTIMISTIC], ids=str)
@pytest.mark.parametrize("end", [b"\r\n", b"\n"], ids=["regular", "irregular"])
def test_early_refusal(connect: Opener, mode: Mode, end: bytes) -> None:
    """Of more than fits into the buffers, without copying or copied."""
    early = Early()
    server = connect.server(early, receive_buffer=4096)
    connection = connect.opened(server, socket="narrow4", **mode.options)
    with connection.drive.held():
        contents = [(b"x" * 70 + end) * 50_000, b"behind"]
        operations = [connection.start_send(content) for content in contents]
    early.expect_told(connection, operations)


def test_early_refusal_of_optimistic_content(connect: Opener) -> None:
    early = Early()
    server = connect.server(early, receive_buffer=4096)
    connection = connect.opened(server, socket="narrow4", **OPTIMISTIC.options)
    with connection.drive.held():
        operations = [connection.start_send(b"x" * 65_000) for _ in range(3)]
    early.expect_told(connection, operations)


def test_early_refusal_without_recipients(connect: Opener) -> None:
    """A server that does not take the chunk of recipients it refused would read the rest of it
    as commands."""
    seen = threading.Event()

    def dialogue(peer: Peer) -> None:
        peer.greet(b"PIPELINING", b"CHUNKING")
        peer.expect(b"MAIL FROM:")
        peer.expect(b"RCPT TO:")
        size = int(peer.expect(b"BDAT ").split()[1])
        peer.reply(b"250 ok", b"550 5.1.1 no one", b"503 5.5.1 no recipients")
        assert seen.wait(PATIENCE)
        assert len(peer.until_closed()) < size

    server = connect.server(dialogue, receive_buffer=4096)
    connection = connect.opened(server, socket="narrow4", **OPTIMISTIC.options)
    sending = connection.start_send(b"x" * 65_000)
    assert sending.fails("EENVELOPE").response == "550 5.1.1 no one"
    seen.set()
    assert sending.result().message_size == 0
    connection.wait_end()


@pytest.mark.parametrize("mode", [CHUNKS, OPTIMISTIC], ids=str)
def test_early_reply_after_a_refused_chunk(connect: Opener, mode: Mode) -> None:
    """The next chunk is refused as well, before all of it has left: whatever followed would
    be taken for a part of it."""
    seen = threading.Event()

    def dialogue(peer: Peer) -> None:
        peer.greet(b"PIPELINING", b"CHUNKING")
        peer.expect(b"MAIL FROM:")
        peer.answer(b"RCPT TO:", b"250 ok", b"250 ok")
        peer.octets(int(peer.expect(b"BDAT ").split()[1]))
        size = int(peer.expect(b"BDAT ").split()[1])
        peer.reply(b"452 4.3.1 full", b"503 5.5.1 not now")
        assert seen.wait(PATIENCE)
        rest = peer.until_closed()
        assert len(rest) < size
        assert not re.search(rb"RSET|QUIT|MAIL", rest)

    server = connect.server(dialogue, receive_buffer=4096)
    connection = connect.opened(server, socket="narrow4", **mode.options)
    drive = connection.drive
    with drive.held():
        message = drive.reader(b"x" * 70_000, b"y" * 120_000, b"z")
        operations = [connection.start_send(message=message)]
        operations += [connection.start_send(b"behind") for _ in range(2)]
    failure = operations[0].fails("EMESSAGE")
    assert failure.response == "452 4.3.1 full"
    assert failure.retry == RETRY_SAFE
    for operation in operations[1:]:
        assert operation.wait().error is not None
    seen.set()
    assert operations[1].fails("EPROTOCOL").retry != RETRY_UNKNOWN
    assert operations[0].result().statuses == [DEFERRED]
    for operation in operations[1:]:
        assert operation.result().statuses == [NOT_TRIED]
    connection.wait_end()


# --- a source that fails ----------------------------------------------------------

FAILURES: dict[str, tuple[str | bytes, ...]] = {
    "at once": ("!error",),
    "after a chunk": (b"x\r\n", "!error"),
    "after a pause": (b"x\r\n", "!pause", "!error"),
    "too large a count": (b"x\r\n", "!toomuch"),
    "after much": (b"x" * 300_000, "!error"),
}


@with_chunks
@pytest.mark.parametrize("how", FAILURES)
def test_failing_source(connect: Opener, mode: Mode, how: str) -> None:
    """The server must not be able to take what it has for the whole message: nothing is
    the last chunk, and no other command follows."""
    pieces = FAILURES[how]
    strict = StrictServer(mode.capabilities)
    connection = connect.opened(strict, **mode.options)
    drive = connection.drive
    with drive.held():
        message = drive.reader(*pieces)
        operations = [connection.start_send(message=message), connection.start_send()]
    if "!pause" in pieces:
        drive.wait_pauses(1)
        connection.resume()
    assert operations[0].fails("ESTREAM").phase == "message"
    for operation in operations:
        assert operation.wait().error is not None
        assert operation.result().statuses == [NOT_TRIED]
    connection.wait_end()
    expect_nothing_more(connection)
    drive.call("free", "message", message)
    assert drive.released == [message]
    connect.join()
    assert strict.deliveries == []
    assert True not in [is_last for _, is_last in strict.chunks]
    assert not re.search(rb"(RSET|QUIT)\r\n", b"".join(strict.groups) + strict.unanswered)


def expect_nothing_more(connection: Connection) -> None:
    starts = (connection.start_quit, connection.start_reset, connection.start_send)
    for start in starts:
        refused_at_once("ESTATE", start)


@with_chunks
def test_reader_that_pauses(connect: Opener, mode: Mode) -> None:
    """Others are served meanwhile, and the message goes on where it was."""
    strict = StrictServer(mode.capabilities)
    connection = connect.opened(strict, **mode.options)
    drive = connection.drive
    with drive.held():
        message = drive.reader("!pause", b"one\n", "!pause", b"two\n", "!pause")
        operations: list[Operation] = [
            connection.start_send(),
            connection.start_send(message=message),
            connection.start_send(),
        ]
    for count in (1, 2, 3):
        drive.wait_pauses(count)
        operations[0].succeeds()
        assert not operations[1].ended
        assert connection.resume() == 0
    for operation in operations:
        operation.succeeds()
        assert operation.result().statuses == [ACCEPTED]
    connect.quit(connection)
    assert strict.deliveries[1].content == b"one\r\ntwo\r\n"
    assert [size for size, is_last in strict.chunks if not is_last] == [5, 5]
