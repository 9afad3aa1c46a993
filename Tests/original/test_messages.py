"""Cases 55 to 57, 59 to 61, 63 and 66 to 68: how large a message is, what is in it,
and where it comes from."""

from __future__ import annotations

import pytest

from conftest import Opener
from original.mailing import FROM, MESSAGE, QUEUED, check_delivered, mail
from support.drive import Connection, Operation, quote
from support.drive.outcomes import ACCEPTED, NOT_TRIED, RETRY_NO, RETRY_SAFE
from support.servers.script import greets, says, script
from support.servers.scripted import Peer

# --- the size ---------------------------------------------------------------

LIMIT = 100 * 1024


def send_reader(connection: Connection, size: int) -> Operation:
    """Of a reader the library knows no size but the one that the envelope says."""
    drive = connection.drive
    envelope = drive.envelope("a@example.com", ["b@example.com"], size=size)
    return connection.start_send(envelope=envelope, message=drive.reader(MESSAGE))


def test_case_055_larger_than_the_server_takes(connect: Opener) -> None:
    """RFC 1870: refused before a word is said; what is not larger is not."""

    def dialogue(peer: Peer) -> None:
        peer.greet(b"SIZE %d" % LIMIT)
        mail(peer, FROM + b" SIZE=%d" % LIMIT, b"250 ok")
        peer.reply(b"250 ok")
        peer.quit()

    connection = connect.opened(dialogue)
    for size in (1024 * 1024, LIMIT + 1):
        sending = send_reader(connection, size)
        failure = sending.fails("EMESSAGE")
        assert str(LIMIT) in failure.message
        assert failure.response is None
        assert failure.retry == RETRY_NO
        assert sending.result().statuses == [NOT_TRIED]
    send_reader(connection, LIMIT).succeeds()
    connection.start_quit().succeeds()


def test_case_056_no_room_for_this_size(connect: Opener) -> None:
    dialogue = script(
        greets(b"SIZE %d" % LIMIT),
        (FROM + b" SIZE=71680", b"452 4.3.1 insufficient system storage"),
        Peer.quit_after_reset,
    )
    connection = connect.opened(dialogue)
    sending = send_reader(connection, 70 * 1024)
    failure = sending.fails("EENVELOPE")
    assert (failure.command, failure.response_code) == ("MAIL FROM", 452)
    assert failure.retry == RETRY_SAFE
    assert sending.result().accepted == 0
    connection.start_quit().succeeds()


def test_case_057_size_that_fits(connect: Opener) -> None:
    def dialogue(peer: Peer) -> None:
        peer.greet(b"SIZE %d" % LIMIT)
        assert mail(peer, FROM + b" SIZE=10240", b"250 ok") == MESSAGE + b".\r\n"
        peer.reply(QUEUED)
        peer.quit()

    connection = connect.opened(dialogue)
    sending = send_reader(connection, 10 * 1024)
    sending.succeeds()
    # What was announced and what was sent are two things.
    check_delivered(sending.result(), "b@example.com")
    connection.start_quit().succeeds()


@pytest.mark.parametrize("size", [100, 2**63, 2**64 - 1])
def test_case_063_size_is_a_number(connect: Opener, size: int) -> None:
    """The parameter has no room for words, however large the number is."""

    def dialogue(peer: Peer) -> None:
        peer.greet(b"SIZE")
        mail(peer, FROM + b" SIZE=%d" % size, b"250 ok")
        peer.reply(QUEUED)
        peer.quit()

    server = connect.server(dialogue)
    connection = connect.opened(server)
    drive = connection.drive
    envelope = drive.name("e")
    hostile = quote(f"{size}\r\nRCPT TO:<attacker@example.com>")
    words = [quote("a@example.com"), hostile, "~", quote("b@example.com")]
    assert drive.call("envelope", envelope, *words)["reply"] == 0
    sending = connection.start_send(envelope=envelope, message=drive.reader(MESSAGE))
    sending.succeeds()
    check_delivered(sending.result(), "b@example.com")
    connection.start_quit().succeeds()
    connect.join()
    assert b"attacker" not in server.peer.received


# --- 8-bit content, addresses outside ASCII ---------------------------------

EIGHT_BIT = "Subject: x\r\n\r\nschöne Grüße\r\n".encode()


def test_case_059_recipient_outside_ascii(connect: Opener) -> None:
    dialogue = script(
        greets(b"SMTPUTF8", b"8BITMIME"),
        (FROM + b" SMTPUTF8", b"250 ok"),
        ("RCPT TO:<jõgeva@example.com>".encode(), b"250 ok"),
        (b"DATA", b"354 go on"),
        Peer.content,
        says(QUEUED),
        Peer.quit,
    )
    connection = connect.opened(dialogue)
    sending = connection.start_send(MESSAGE, recipients=["jõgeva@example.com"])
    sending.succeeds()
    # Octets, each as a character.
    check_delivered(sending.result(), "jõgeva@example.com".encode().decode("latin-1"))
    connection.start_quit().succeeds()


def sends_8bit(connect: Opener, use: int, line: bytes, final: bytes) -> Operation:
    """The content arrives unchanged after this MAIL; the server decides."""

    def dialogue(peer: Peer) -> None:
        peer.greet(b"8BITMIME")
        assert mail(peer, line, b"250 ok") == EIGHT_BIT + b".\r\n"
        peer.reply(final)
        peer.quit_after_reset()

    connection = connect.opened(dialogue)
    drive = connection.drive
    envelope = drive.envelope("a@example.com", ["b@example.com"], use_8bitmime=use)
    sending = connection.start_send(EIGHT_BIT, envelope=envelope)
    sending.wait()
    connection.start_quit().succeeds()
    connect.join()
    return sending


def test_case_060_8bit_content_announced(connect: Opener) -> None:
    sending = sends_8bit(connect, 1, FROM + b" BODY=8BITMIME", QUEUED)
    sending.succeeds()
    assert sending.result().statuses == [ACCEPTED]


def test_case_061_8bit_content_not_announced(connect: Opener) -> None:
    sending = sends_8bit(connect, 0, FROM, b"550 5.6.0 8 bit content not allowed")
    failure = sending.fails("EMESSAGE")
    assert failure.response == "550 5.6.0 8 bit content not allowed"
    assert "8 bit content not allowed" in failure.message


# --- where the message comes from -------------------------------------------

LINES = b"Subject: x\n\nline\n.dot\n" + b"more\n" * 20_000
ON_THE_WIRE = b"Subject: x\r\n\r\nline\r\n..dot\r\n" + b"more\r\n" * 20_000 + b".\r\n"


def arrives(connect: Opener, way: str) -> None:
    """Lines that end in LF arrive as lines that end in CRLF, all of them."""
    arrived: list[bytes] = []

    def dialogue(peer: Peer) -> None:
        peer.greet()
        arrived.append(peer.delivery())
        peer.quit()

    connection = connect.opened(dialogue)
    message = connection.drive.message(LINES, way)
    sending = connection.start_send(message=message)
    sending.succeeds()
    # Neither the second dot nor the last line is content.
    assert sending.result().message_size == len(ON_THE_WIRE) - len(b".") - len(b".\r\n")
    connection.start_quit().succeeds()
    connect.join()
    assert arrived == [ON_THE_WIRE]


def test_case_066_message_that_is_copied(connect: Opener) -> None:
    arrives(connect, "copy")


def test_case_067_message_that_stays_with_the_caller(connect: Opener) -> None:
    arrives(connect, "borrowed")


def test_case_068_message_from_a_file(connect: Opener) -> None:
    arrives(connect, "descriptor")
