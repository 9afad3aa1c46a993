"""Time limits ask what the server took, not what this system took for it: a slow reader is
no dead one, and a dead one is found although megabytes are on their way to it."""

from __future__ import annotations

import socket
import threading

import pytest

from conftest import Opener
from support.drive import PATIENCE
from support.drive.outcomes import NOT_TRIED, RETRY_SAFE, RETRY_UNKNOWN, UNKNOWN
from support.drive.separate import handed
from support.pace import Pace
from support.servers.certificates import Certificates
from support.servers.scripted import Peer
from support.slowness import LIMIT

#: How long a server takes for a message: some limits long.
TAKES = 4 * LIMIT
MESSAGE = b"x" * 998 + b"\r\n"
#: Fits into what the system keeps of a connection, and far more than that.
SMALL, LARGE = 3_000_000, 12_000_000
STEPS = 60
#: What the system keeps of what the server has not taken: less than it takes in a limit.
ROOM = 100_000


def slowly(peer: Peer, size: int, pace: Pace) -> None:
    """Takes a message of so many octets evenly."""
    for _ in range(STEPS):
        peer.octets(size // STEPS)
        pace.take_turn()
    peer.content()


def message(size: int) -> bytes:
    return MESSAGE * (size // len(MESSAGE))


@pytest.mark.parametrize("way", ["clear", "tls"])
@pytest.mark.parametrize(
    ("limit", "size"),
    [("final_reply_timeout", SMALL), ("socket_timeout", SMALL), ("socket_timeout", LARGE)],
)
def test_slow_reader(
    connect: Opener, certificates: Certificates, way: str, limit: str, size: int
) -> None:
    def dialogue(peer: Peer) -> None:
        peer.greet()
        peer.envelope()
        slowly(peer, size, pace)
        peer.reply(b"250 2.0.0 Ok: queued as 4F2A")
        peer.quit()

    pace = Pace()
    identity = certificates.name_only if way == "tls" else None
    server = connect.server(dialogue, identity=identity, receive_buffer=ROOM)
    connection = connect.opened(
        server, host="localhost", secure=int(way == "tls"), **{limit: LIMIT}
    )
    with connection.drive.held():
        sending = connection.start_send(message(size))
        quitting = connection.start_quit()
    pace.give_turns(connection.drive, STEPS, TAKES // STEPS)
    sending.succeeds()
    quitting.succeeds()


def test_slow_reader_of_a_group(connect: Opener) -> None:
    """A message that leaves with its envelope: the reply to MAIL comes when all of it was
    read, which takes twice the time that a reply may take."""
    steps = 30

    def dialogue(peer: Peer) -> None:
        peer.greet(b"PIPELINING", b"CHUNKING")
        for number in range(2):
            if number > 0:
                peer.answer(b"RSET", b"250 ok")
            peer.expect(b"MAIL FROM:")
            peer.expect(b"RCPT TO:")
            size = int(peer.expect(b"BDAT ").split()[1])
            for _ in range(steps):
                peer.octets(size // steps)
                pace.take_turn()
            peer.octets(size % steps)
            peer.reply(b"250 ok", b"250 ok", b"250 2.0.0 Ok: queued as 4F2A")
        peer.quit()

    pace = Pace()
    # Little of it is kept there, so that what was read can be seen from here.
    server = connect.server(dialogue, receive_buffer=4096)
    connection = connect.opened(server, chunking=2, command_timeout=LIMIT)
    with connection.drive.held():
        sends = [connection.start_send(message(60_000)) for _ in range(2)]
        quitting = connection.start_quit()
    pace.give_turns(connection.drive, 2 * steps, 2 * LIMIT // steps)
    for sending in sends:
        sending.succeeds()
    quitting.succeeds()


@pytest.mark.parametrize("limit", ["final_reply_timeout", "socket_timeout"])
def test_dead_reader(connect: Opener, limit: str) -> None:
    """All of the message has left this program, and the server takes none of it."""

    def dialogue(peer: Peer) -> None:
        peer.shrink_buffers()
        peer.greet()
        peer.envelope()
        agreed.set()
        assert timed_out.wait(PATIENCE)

    agreed, timed_out = threading.Event(), threading.Event()
    connection = connect.opened(dialogue, **{limit: LIMIT})
    sending = connection.start_send(message(1_000_000))
    assert agreed.wait(PATIENCE)
    connection.drive.advance_past(LIMIT)
    failure = sending.fails("ETIMEDOUT")
    timed_out.set()
    assert limit in failure.message
    assert failure.phase == "message"
    # How much this system takes decides whether the end of the message has left.
    assert (failure.retry, sending.result().statuses) in [
        (RETRY_UNKNOWN, [UNKNOWN]),
        (RETRY_SAFE, [NOT_TRIED]),
    ]


def test_reader_that_owes_a_reply(connect: Opener) -> None:
    """Reading on is no answer: the time for the reply counts from the end of the message."""

    def dialogue(peer: Peer) -> None:
        peer.greet()
        peer.envelope()
        slowly(peer, SMALL, pace)
        peer.until_closed()

    pace = Pace()
    server = connect.server(dialogue, receive_buffer=ROOM)
    connection = connect.opened(server, final_reply_timeout=LIMIT)
    sending = connection.start_send(message(SMALL))
    pace.give_turns(connection.drive, STEPS, TAKES // STEPS)
    assert not sending.ended
    connection.drive.advance_past(LIMIT)
    assert "final_reply_timeout" in sending.fails("ETIMEDOUT").message
    assert sending.result().statuses == [UNKNOWN]


def test_slow_reader_in_the_file_system() -> None:
    """All of the message is on its way before the first octet is taken. Here the system
    counts whole buffers, of up to 64 KB."""
    size, step, limit = 190_000, 2_000, 2 * LIMIT

    def serve() -> None:
        with theirs, theirs.makefile("rb") as lines:
            theirs.sendall(b"220 hi\r\n")
            for said, reply in (
                (b"EHLO", b"250 test.local\r\n"),
                (b"MAIL", b"250 ok\r\n"),
                (b"RCPT", b"250 ok\r\n"),
                (b"DATA", b"354 go on\r\n"),
            ):
                assert lines.readline().startswith(said)
                theirs.sendall(reply)
            for _ in range(size // step):
                lines.read(step)
                pace.take_turn()
            assert lines.readline() == b".\r\n"
            theirs.sendall(b"250 2.0.0 Ok: queued as 4F2A\r\n")
            assert lines.readline() == b"QUIT\r\n"
            theirs.sendall(b"221 bye\r\n")
        served.set()

    pace, served = Pace(), threading.Event()
    ours, theirs = socket.socketpair()
    thread = threading.Thread(target=serve)
    thread.start()
    with handed(ours) as (drive, number):
        connection = drive.connection(
            connection=number, final_reply_timeout=limit, socket_timeout=limit
        )
        connection.start_connect().succeeds()
        with drive.held():
            sending = connection.start_send(message(size))
            quitting = connection.start_quit()
        pace.give_turns(drive, size // step, TAKES * step // size)
        sending.succeeds()
        quitting.succeeds()
    thread.join(PATIENCE)
    assert served.is_set()
