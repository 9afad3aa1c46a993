"""What is said of a message in memory that is too large to be looked at as a whole
before it is sent: its beginning decides, and the rest only where that is not enough."""

from __future__ import annotations

import pytest

from conftest import Opener
from support.messages.content import wire
from support.servers.script import greets, script
from support.servers.scripted import Peer

SENDER = b"MAIL FROM:<a@example.com>"
HEADER = b"Subject: x\n\n"
LINE = b"x" * 75 + b"\n"
LINES = 30_000
LARGE = HEADER + LINE * LINES
# As it is, and as it travels.
OCTETS = len(LARGE)
SIZE = OCTETS + LINES + 2


def take(peer: Peer, mail: bytes, content: bytes) -> None:
    assert peer.line() == mail
    peer.reply(b"250 ok")
    peer.answer(b"RCPT TO:", b"250 ok")
    peer.answer(b"DATA", b"354 go")
    # Not "==" alone: the difference of two such messages is unreadable.
    same = peer.content() == wire(content) + b".\r\n"
    assert same
    peer.reply(b"250 ok")
    peer.quit()


@pytest.mark.parametrize("way", ["copy", "borrowed"])
@pytest.mark.parametrize(
    ("offered", "parameters"),
    [
        ([b"SIZE", b"8BITMIME"], b" BODY=8BITMIME SIZE=%d" % OCTETS),
        ([b"SIZE"], b" SIZE=%d" % SIZE),
        ([b"8BITMIME"], b" BODY=8BITMIME"),
        # So near to the limit that it has to be known.
        ([b"SIZE %d" % SIZE, b"8BITMIME"], b" SIZE=%d" % SIZE),
        ([b"SIZE %d" % (3 * SIZE), b"8BITMIME"], b" BODY=8BITMIME SIZE=%d" % OCTETS),
        ([], b""),
    ],
)
def test_announced(connect: Opener, way: str, offered: list[bytes], parameters: bytes) -> None:
    def dialogue(peer: Peer) -> None:
        peer.greet(*offered)
        take(peer, SENDER + parameters, LARGE)

    connection = connect.opened(dialogue)
    sending = connection.start_send(message=connection.drive.message(LARGE, way))
    sending.succeeds()
    assert sending.result().message_size == SIZE
    connection.start_quit().succeeds()


def test_too_large_by_its_line_ends(connect: Opener) -> None:
    connection = connect.opened(script(greets(b"SIZE %d" % (SIZE - 1)), Peer.quit))
    failure = connection.start_send(LARGE).fails("EMESSAGE")
    assert f"{SIZE} octets" in failure.message
    connection.start_quit().succeeds()


@pytest.mark.parametrize("place", [100, OCTETS - 2])
def test_eight_bit_is_refused_wherever_it_is(connect: Opener, place: int) -> None:
    """To a server without 8BITMIME (RFC 6152 section 3)."""
    content = bytearray(LARGE)
    content[place] = 0xE9
    connection = connect.opened(script(greets(b"SIZE"), Peer.quit))
    failure = connection.start_send(bytes(content)).fails("EMESSAGE")
    assert "8BITMIME" in failure.message
    connection.start_quit().succeeds()


def test_header_without_end(connect: Opener) -> None:
    """Octets for SMTPUTF8 may be anywhere in it."""
    content = LINE * LINES + b"Subject: \xc3\xab\n\nbody\n"

    def dialogue(peer: Peer) -> None:
        peer.greet(b"SMTPUTF8", b"8BITMIME")
        take(peer, SENDER + b" SMTPUTF8 BODY=8BITMIME", content)

    connection = connect.opened(dialogue)
    connection.delivers(content)
