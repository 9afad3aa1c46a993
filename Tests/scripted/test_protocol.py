"""A server that does not keep to the protocol: a clear error, a closed
connection, and never an unbounded amount of memory."""

from __future__ import annotations

import contextlib
import threading

import pytest

from conftest import Opener
from support.drive.outcomes import RETRY_SAFE
from support.servers.script import script, sends
from support.servers.scripted import PATIENCE, Peer

# More than any bound of the client and all buffers of the kernel together.
FLOOD = 64 << 20


def flood(peer: Peer, piece: bytes) -> None:
    """Sends for as long as the client listens; it must not for ever."""
    sent = 0
    with contextlib.suppress(ConnectionError):
        while sent < FLOOD:
            peer.send(piece)
            sent += len(piece)
    assert sent < FLOOD, "the client took everything"


@pytest.mark.parametrize("where", ["greeting", "EHLO"])
@pytest.mark.parametrize(
    ("start", "piece"),
    [
        (b"220 ", b"x" * 65536),
        (b"", b"x" * 65536),
        (b"", b"220-and on\r\n" * 4096),
        (b"", b"220-" + b"y" * 900 + b"\r\n"),
        (b"", b"\r\n" * 32768),
        (b"", b"\0" * 65536),
    ],
    ids=["endless line", "endless garbage", "endless lines", "long lines", "blank lines", "NULs"],
)
def test_endless_reply(connect: Opener, where: str, start: bytes, piece: bytes) -> None:
    def dialogue(peer: Peer) -> None:
        if where == "EHLO":
            peer.reply(b"220 hi")
            peer.expect(b"EHLO ")
        peer.send(start)
        flood(peer, piece)

    connection = connect(dialogue)
    failure = connection.start_connect().fails("EPROTOCOL")
    assert failure.phase == ("greeting" if where == "greeting" else "hello")
    assert len(failure.message) < 1000
    connection.wait_end()


@pytest.mark.parametrize(
    "reply",
    [
        b"2200 hi\r\n",
        b"22 hi\r\n",
        b"2x0 hi\r\n",
        b"220_hi\r\n",
        b"220\thi\r\n",
        b"020 hi\r\n",
        b"199 hi\r\n",
        b"600 hi\r\n",
        b"2:0 hi\r\n",
        b"hello\r\n",
        b" 220 hi\r\n",
        b"HTTP/1.1 400 Bad Request\r\n\r\n",
        b"SSH-2.0-OpenSSH_9.2\r\n",
        b"220 h\0i\r\n",
        b"\0\r\n",
        b"\xff\xfe\r\n",
        b"-220 hi\r\n",
        b"220-hi\r\n250 there\r\n",
        b"220-hi\r\n220there\r\n",
        b"220-hi\r\n\r\n220 there\r\n",
    ],
)
def test_greeting_that_is_no_reply(connect: Opener, reply: bytes) -> None:
    server = connect.server(script(sends(reply), Peer.nothing_more))
    connection = connect(server)
    failure = connection.start_connect().fails("EPROTOCOL")
    assert failure.phase == "greeting"
    assert failure.address == f"127.0.0.1:{server.port}"
    assert "\0" not in failure.message
    assert all(ord(character) >= 0x20 for character in failure.message)
    connection.ends_with(failure)


def test_first_octets_are_shown(connect: Opener) -> None:
    failure = (
        connect(lambda peer: peer.send(b"SSH-2.0-OpenSSH_9.2\r\n"))
        .start_connect()
        .fails("EPROTOCOL")
    )
    assert "SSH-2.0-OpenSSH_9.2" in failure.message


def test_part_of_a_reply_nobody_waits_for(connect: Opener) -> None:
    """It is no answer to what is started afterwards."""
    said = threading.Event()

    def dialogue(peer: Peer) -> None:
        peer.greet()
        peer.send(b"250 o")
        said.set()
        assert peer.until_closed() == b""

    connection = connect.opened(dialogue)
    assert said.wait(PATIENCE)
    failure = connection.start_reset().fails("EPROTOCOL")
    assert (failure.phase, failure.retry) == ("idle", RETRY_SAFE)
    assert "without a command" in failure.message
    connection.wait_end()
