"""What arrives of a message, octet for octet."""

from __future__ import annotations

import errno
import itertools
import os
import re
from pathlib import Path

import pytest

from conftest import Opener
from support.drive.connection import refused_at_once
from support.drive.outcomes import ACCEPTED, NOT_TRIED, RETRY_SAFE
from support.servers.script import greets, says, script
from support.servers.scripted import Dialogue, Peer, ScriptedServer

# (what is given, what must be on the wire between 354 and the final dot)
CASES = [
    (b"", b""),
    (b"a", b"a\r\n"),
    (b"a\n", b"a\r\n"),
    (b"a\r", b"a\r\n"),
    (b"a\r\n", b"a\r\n"),
    (b"\r\n", b"\r\n"),
    (b"\n", b"\r\n"),
    (b"\r", b"\r\n"),
    (b"\r\r", b"\r\n\r\n"),
    (b"\n\n", b"\r\n\r\n"),
    (b"\n\r", b"\r\n\r\n"),
    (b"\r\r\n", b"\r\n\r\n"),
    (b"\r\n\n", b"\r\n\r\n"),
    (b"a\rb\nc\r\nd", b"a\r\nb\r\nc\r\nd\r\n"),
    (b".", b"..\r\n"),
    (b"..", b"...\r\n"),
    (b".\r\n", b"..\r\n"),
    (b"a.b", b"a.b\r\n"),
    (b"a\n.b", b"a\r\n..b\r\n"),
    (b"a\r.b", b"a\r\n..b\r\n"),
    (b"a\r\n.b", b"a\r\n..b\r\n"),
    (b"a\r\n.\r\nb", b"a\r\n..\r\nb\r\n"),
    (b"a\n.\nb", b"a\r\n..\r\nb\r\n"),
    # What smuggles a second message past a server that ends lines otherwise.
    (b"a\r.\rMAIL FROM:<x@y>", b"a\r\n..\r\nMAIL FROM:<x@y>\r\n"),
    (b"a\r.\r\nMAIL FROM:<x@y>", b"a\r\n..\r\nMAIL FROM:<x@y>\r\n"),
    (b"a\n.\r\nMAIL FROM:<x@y>", b"a\r\n..\r\nMAIL FROM:<x@y>\r\n"),
    (b"a\r\n.\nMAIL FROM:<x@y>", b"a\r\n..\r\nMAIL FROM:<x@y>\r\n"),
    (b"a\0.b\0", b"a\0.b\0\r\n"),
    (b"\0\r.", b"\0\r\n..\r\n"),
    (b"\xff\xfe\x80", b"\xff\xfe\x80\r\n"),
    (b"x" * 5000, b"x" * 5000 + b"\r\n"),
]


def receive(contents: list[bytes]) -> Dialogue:
    """A dialogue that accepts messages and keeps what they were."""

    def dialogue(peer: Peer) -> None:
        peer.greet(b"PIPELINING")
        while True:
            line = peer.line()
            if line == b"QUIT":
                peer.reply(b"221 bye")
                return
            assert line.startswith(b"MAIL FROM:"), line
            peer.reply(b"250 ok")
            peer.answer(b"RCPT TO:", b"250 ok")
            peer.answer(b"DATA", b"354 go")
            contents.append(peer.content())
            peer.reply(b"250 ok")

    return dialogue


def expected_size(wire: bytes) -> int:
    """RFC 1870: line ends count, escaped dots and the final dot do not."""
    return len(re.sub(rb"(?m)^\.\.", b".", wire))


@pytest.mark.parametrize("way", ["copy", "borrowed", "descriptor"])
def test_whole(connect: Opener, way: str) -> None:
    contents: list[bytes] = []
    connection = connect.opened(receive(contents))
    for given, wire in CASES:
        message = connection.drive.message(given, way)
        # 8-bit content goes out as it is, whatever the server offers.
        envelope = connection.drive.envelope("a@example.com", ["b@example.com"], use_8bitmime=0)
        sending = connection.start_send(envelope=envelope, message=message)
        sending.succeeds()
        assert sending.result().message_size == expected_size(wire), given
    connect.quit(connection)
    assert contents == [wire + b".\r\n" for _, wire in CASES]


def test_every_split(connect: Opener) -> None:
    """A reader may cut anywhere: the result must not depend on where."""
    contents: list[bytes] = []
    wanted: list[bytes] = []
    connection = connect.opened(receive(contents))
    for given, wire in CASES:
        if not 2 <= len(given) <= 24:
            continue
        for cut in range(1, len(given)):
            message = connection.drive.reader(given[:cut], given[cut:])
            connection.start_send(message=message).succeeds()
            wanted.append(wire + b".\r\n")
    connect.quit(connection)
    assert contents == wanted


def test_every_split_in_three(connect: Opener) -> None:
    given = b"\r.\r\n.\n\r.x"
    wire = b"\r\n..\r\n..\r\n\r\n..x\r\n.\r\n"
    contents: list[bytes] = []
    connection = connect.opened(receive(contents))
    cuts = list(itertools.combinations(range(1, len(given)), 2))
    for one, two in cuts:
        message = connection.drive.reader(given[:one], given[one:two], given[two:])
        connection.start_send(message=message).succeeds()
    octets = connection.drive.reader(*[given[i : i + 1] for i in range(len(given))])
    connection.delivers(message=octets)
    connect.join()
    assert contents == [wire] * (len(cuts) + 1)


@pytest.mark.parametrize("way", ["copy", "borrowed", "descriptor", "reader"])
def test_large(connect: Opener, way: str) -> None:
    """Larger than every buffer on the way, with line ends of all kinds."""
    line = bytes(range(0x20, 0x7F)) * 8
    given = b"".join(
        b"." * (number % 3) + line[number % 90 :] + (b"\n", b"\r", b"\r\n")[number % 3]
        for number in range(4000)
    )
    wire = b"".join(
        b"." * (number % 3 + (number % 3 > 0 or line[number % 90 :].startswith(b".")))
        + line[number % 90 :]
        + b"\r\n"
        for number in range(4000)
    )
    contents: list[bytes] = []
    connection = connect.opened(receive(contents))
    drive = connection.drive
    message = drive.reader(given) if way == "reader" else drive.message(given, way)
    sending = connection.start_send(message=message)
    assert sending.result().statuses == [ACCEPTED]
    connect.quit(connection)
    assert contents[0] == wire + b".\r\n"


def test_descriptor_from_its_position(connect: Opener) -> None:
    """A pipe ends where its writer closes; the library has a copy of its own."""
    contents: list[bytes] = []
    server = connect.server(receive(contents))
    connection = connect.opened(server)
    drive = connection.drive
    fifo = drive.file(b"")
    os.unlink(fifo)
    os.mkfifo(fifo)
    # Opening a FIFO waits for the other end, so hold both.
    writer = os.open(fifo, os.O_RDWR)
    name = drive.name("m")
    assert drive.call("message", name, "descriptor", fifo)["reply"] == 1
    sending = connection.start_send(message=name)
    server.wait_for(b"DATA\r\n")
    os.write(writer, b"first\n")
    server.wait_for(b"first")
    os.write(writer, b"second\n")
    os.close(writer)
    sending.succeeds()
    connect.quit(connection)
    assert contents == [b"first\r\nsecond\r\n.\r\n"]


# --- sources that pause or fail ---------------------------------------------


def test_pause_and_resume(connect: Opener) -> None:
    contents: list[bytes] = []
    connection = connect.opened(receive(contents))
    drive = connection.drive
    message = drive.reader("!pause", b"one\r", "!pause", b"\ntwo", "!pause")
    sending = connection.start_send(message=message)
    for number in range(1, 4):
        drive.wait_pauses(number)
        assert not sending.ended
        assert connection.resume() == 0
    sending.succeeds()
    assert connection.resume() == -15, "ESTATE was expected: nothing is paused"
    connection.start_quit().succeeds()
    # The source is let go of at the end of the send and of the handle.
    drive.call("free", "message", message)
    assert drive.released == [message]
    connect.join()
    assert contents == [b"one\r\ntwo\r\n.\r\n"]


def test_one_pauses_and_its_neighbour_does_not(connect: Opener) -> None:
    """A paused connection must not hold up another one on the same loop."""
    paused: list[bytes] = []
    busy: list[bytes] = []
    with ScriptedServer(receive(paused)) as one, ScriptedServer(receive(busy)) as two:
        drive = connect.drive
        loop = drive.loop()
        first, second = (
            drive.connection(loop, host="127.0.0.1", port=server.port, name="client.test")
            for server in (one, two)
        )
        first.start_connect()
        second.start_connect()
        sending = first.start_send(message=drive.reader("!pause", b"late"))
        drive.wait_pauses(1)
        second.delivers(b"early")
        assert not sending.ended
        first.resume()
        sending.succeeds()
        first.start_quit().succeeds()
    assert (paused, busy) == ([b"late\r\n.\r\n"], [b"early\r\n.\r\n"])


FAILURES = {
    "at once": ("!error",),
    "after a line": (b"Subject: x\r\n", "!error"),
    "in a line": (b"Subject: x\r\n\r\nhalf a li", "!error"),
    "after a CR": (b"x\r", "!error"),
    "after what looks like the end": (b"x\r\n.\r\n", "!error"),
    "after a pause": (b"x\r\n", "!pause", "!error"),
    "too large a count": (b"x\r\n", "!toomuch"),
    "a count that means nothing": (b"x\r\n", "!nonsense"),
    "after much": (b"x" * 300_000, "!error"),
}


@pytest.mark.parametrize("how", FAILURES)
@pytest.mark.parametrize("capabilities", [(), (b"PIPELINING",)], ids=["plain", "pipelining"])
def test_failing_source(connect: Opener, how: str, capabilities: tuple[bytes, ...]) -> None:
    """The server must not be able to take what it has for the whole message: the
    connection closes without the final dot, and without another command."""
    pieces = FAILURES[how]
    rest: list[bytes] = []

    def dialogue(peer: Peer) -> None:
        peer.greet(*capabilities)
        peer.envelope()
        rest.append(peer.until_closed())

    connection = connect.opened(dialogue)
    drive = connection.drive
    message = drive.reader(*pieces)
    with drive.held():
        sending = connection.start_send(message=message)
        behind = connection.start_send()
        quitting = connection.start_quit()
    if "!pause" in pieces:
        drive.wait_pauses(1)
        connection.resume()
    failure = sending.fails("ESTREAM")
    assert failure.phase == "message"
    assert sending.result().statuses == [NOT_TRIED]
    assert behind.wait().error is not None
    assert behind.result().statuses == [NOT_TRIED]
    quitting.wait()
    connection.wait_end()
    # Nothing more can get into what the server takes for content.
    for start in (connection.start_quit, connection.start_reset):
        refused_at_once("ESTATE", start)
    drive.call("free", "message", message)
    assert drive.released == [message]
    connect.join()
    assert not rest[0].endswith(b"\r\n.\r\n"), rest
    assert b"\r\n.\r\n" not in rest[0], rest
    assert b"QUIT" not in rest[0]
    assert b"MAIL" not in rest[0]


def test_descriptor_that_cannot_be_read(connect: Opener, tmp_path: Path) -> None:
    """A folder can be opened and never read, which is refused at once. Of some files that
    turns out only when they are read: errno reaches the caller."""

    def dialogue(peer: Peer) -> None:
        peer.greet()
        peer.envelope()
        assert b"\r\n.\r\n" not in peer.until_closed()

    connection = connect.opened(dialogue)
    drive = connection.drive
    name = drive.name("m")
    assert drive.call("message", name, "descriptor", str(tmp_path))["reply"] == 0
    # Address 0 of a program's own memory.
    assert drive.call("message", name, "descriptor", "/proc/self/mem")["reply"] == 1
    failure = connection.start_send(message=name).fails("ESTREAM")
    assert failure.errno == errno.EIO


def test_early_refusal_of_a_long_message(connect: Opener) -> None:
    """The server refuses in the middle. The error has its reply, and the rest of
    the content is never taken for commands."""
    dialogue = script(
        greets(b"PIPELINING"),
        Peer.envelope,
        Peer.read_some,
        says(b"552 5.3.4 too much"),
        Peer.until_closed,
    )
    connection = connect.opened(dialogue)
    # More than fits on the way, and never ending by itself.
    sending = connection.start_send(message=connect.drive.reader(b"x" * 30_000_000))
    failure = sending.wait().error
    assert failure is not None
    assert failure.response == "552 5.3.4 too much"
    assert failure.response_code == 552
    assert failure.name in ("EMESSAGE", "ECONNECTION")
    assert sending.result().accepted == 0
    connection.wait_end()


def test_early_refusal_while_the_source_pauses(connect: Opener) -> None:
    def dialogue(peer: Peer) -> None:
        peer.greet(b"PIPELINING")
        peer.envelope()
        peer.reply(b"451 4.3.0 disk trouble")
        assert b"\r\n.\r\n" not in peer.until_closed()

    connection = connect.opened(dialogue)
    sending = connection.start_send(message=connect.drive.reader(b"x\r\n", "!pause", b"y"))
    failure = sending.wait().error
    assert failure is not None
    assert failure.response_code == 451
    assert failure.retry == RETRY_SAFE
    connection.wait_end()


def test_closed_while_the_source_pauses(connect: Opener) -> None:
    def dialogue(peer: Peer) -> None:
        peer.greet()
        peer.envelope()
        assert b"\r\n.\r\n" not in peer.until_closed()

    connection = connect.opened(dialogue)
    drive = connection.drive
    sending = connection.start_send(message=drive.reader(b"x\r\n", "!pause", b"y"))
    drive.wait_pauses(1)
    connection.close()
    assert sending.fails("ECANCELLED").retry == RETRY_SAFE
    assert connection.resume() == -15
