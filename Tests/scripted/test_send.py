"""Sending: what is not in Tests/transcripts, since it needs many octets, many messages or a message
from somewhere else."""

from __future__ import annotations

import pytest

from conftest import Opener
from support.drive import Drive
from support.drive.outcomes import ACCEPTED
from support.servers.script import delivers, greets, says, script
from support.servers.scripted import Peer

both = pytest.mark.parametrize("capabilities", [(), (b"PIPELINING",)], ids=["plain", "pipelining"])


@both
def test_many_at_once(connect: Opener, capabilities: tuple[bytes, ...]) -> None:
    """Started together, carried out in order, each with its own envelope and
    content; one in the middle is refused and takes nobody with it."""

    def dialogue(peer: Peer) -> None:
        peer.greet(*capabilities)
        for number in range(5):
            # In front of what follows at once, and behind what was refused.
            if (capabilities and number > 0) or number == 3:
                peer.answer(b"RSET", b"250 ok")
            if number == 2:
                peer.answer(b"MAIL FROM:<a2@example.com>", b"250 ok")
                peer.answer(b"RCPT TO:<b2@example.com>", b"550 no one")
                if capabilities:
                    peer.answer(b"DATA", b"554 no one")
                continue
            content = peer.delivery(b"b%d@example.com" % number, sender=b"a%d@example.com" % number)
            assert content == b"message %d\r\n.\r\n" % number
        peer.quit()

    connection = connect(dialogue)
    with connection.drive.held():
        connection.start_connect()
        sends = [
            connection.start_send(
                b"message %d" % number, f"a{number}@example.com", [f"b{number}@example.com"]
            )
            for number in range(5)
        ]
        quitting = connection.start_quit()
    quitting.succeeds()
    for number, sending in enumerate(sends):
        if number == 2:
            sending.fails("EENVELOPE")
        else:
            sending.succeeds()
    order = [entry for entry in connection.drive.order if entry.startswith("done")]
    assert order == sorted(order, key=lambda entry: int(entry.rsplit("t", 1)[1]))


def test_many_recipients_do_not_deadlock(connect: Opener) -> None:
    """A group larger than all buffers on the way, and a server that answers each
    command at once with a long line: whoever only writes waits for ever."""
    count = 600
    padding = b"x" * 3000

    def dialogue(peer: Peer) -> None:
        peer.shrink_buffers()
        peer.greet(b"PIPELINING")
        peer.answer(b"MAIL FROM:", b"250 ok")
        for _ in range(count):
            peer.answer(b"RCPT TO:", b"250 " + padding)
        peer.answer(b"DATA", b"354 go")
        peer.content()
        peer.reply(b"250 ok")
        peer.quit()

    connection = connect.opened(dialogue)
    names = ["r" * 50 + f"-{number}@" + "d" * 60 + ".example.com" for number in range(count)]
    sending = connection.start_send(recipients=names)
    assert sending.result().accepted == count
    connection.start_quit().succeeds()


@pytest.mark.parametrize(
    ("way", "content", "parameter"),
    [
        # 8-bit content only at the very end of something large.
        ("copy", b"a: b\r\n\r\n" + b"x" * 70 * 1000 + b"\xe4", b" BODY=8BITMIME"),
        ("borrowed", b"Subject: x\r\n\r\nb\xc3\xb6dy\r\n", b" BODY=8BITMIME"),
        # It cannot be looked at.
        ("descriptor", b"Subject: x\r\n\r\nb\xc3\xb6dy\r\n", b""),
    ],
)
def test_8bitmime(connect: Opener, way: str, content: bytes, parameter: bytes) -> None:
    """That is found, wherever it is."""
    dialogue = script(
        greets(b"8BITMIME"),
        (b"MAIL FROM:<a@example.com>" + parameter, b"250 ok"),
        (b"RCPT TO:", b"250 ok"),
        (b"DATA", b"354 go"),
        Peer.content,
        says(b"250 ok"),
        Peer.quit,
    )
    connection = connect.opened(dialogue)
    connection.delivers(message=connection.drive.message(content, way))


NAMES = [f"r{number}@example.com" for number in range(5)]
TOO_MANY = b"452 4.5.3 too many recipients"


def transaction(peer: Peer, recipients: list[str], limit: int) -> bytes:
    """Takes the first recipients, and the content for them."""
    peer.answer(b"MAIL FROM:<a@example.com>", b"250 ok")
    for number, name in enumerate(recipients):
        peer.answer(b"RCPT TO:<" + name.encode() + b">", b"250 ok" if number < limit else TOO_MANY)
    peer.answer(b"DATA", b"354 go")
    content = peer.content()
    peer.reply(b"250 ok")
    return content


@both
@pytest.mark.parametrize("way", ["copy", "borrowed"])
def test_the_rest_follows(connect: Opener, capabilities: tuple[bytes, ...], way: str) -> None:
    """RFC 5321 section 4.5.3.1.10."""
    contents: list[bytes] = []

    def dialogue(peer: Peer) -> None:
        peer.greet(*capabilities)
        for start in (0, 2, 4):
            contents.append(transaction(peer, NAMES[start:], 2))
        peer.quit()

    connection = connect.opened(dialogue)
    message = connection.drive.message(b"a: b\n\n.dot\n", way)
    sending = connection.start_send(recipients=NAMES, message=message)
    sending.succeeds()
    result = sending.result()
    assert result.statuses == [ACCEPTED] * 5
    assert [line.recipient for line in result.recipients] == NAMES
    connect.quit(connection)
    assert contents == [b"a: b\r\n\r\n..dot\r\n.\r\n"] * 3


@pytest.mark.parametrize("recipient", ["alice", "+shared.folder", "postmaster"])
def test_lmtp_recipient_without_a_domain(connect: Opener, recipient: str) -> None:
    hello = (b"LHLO client.test", b"250 test.local")
    dialogue = script(says(b"220 test.local LMTP"), hello, delivers(recipient.encode()), Peer.quit)
    connection = connect.opened(dialogue, lmtp=1)
    sending = connection.start_send(recipients=[recipient])
    sending.succeeds()
    assert sending.result().statuses == [ACCEPTED]
    connection.start_quit().succeeds()


def test_port_of_lmtp(drive: Drive) -> None:
    """RFC 2033 section 5: never on SMTP's port."""
    failure = drive.refused_connection(lmtp=1, port=25)
    for word in ("lmtp", "25"):
        assert word in failure.message
    drive.connection(lmtp=1)
