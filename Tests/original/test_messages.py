"""Cases 51, 62, 63, 66 to 68, 78, 79 and 86: messages, where they come from, what became of them,
and octets after STARTTLS. Cases 50 to 65 and 80 to 84 are in Tests/transcripts."""

from __future__ import annotations

import pytest

from conftest import Opener
from original.mailing import FROM, MESSAGE, QUEUED, check_delivered, mail
from support.drive import quote
from support.drive.connection import refused_at_once
from support.pace import Pace
from support.servers.certificates import Certificates
from support.servers.script import greets, script, sends
from support.servers.scripted import Peer


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
    connect.quit(connection)
    assert b"attacker" not in server.peer.received


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
    connect.quit(connection)
    assert arrived == [ON_THE_WIRE]


def test_case_066_message_that_is_copied(connect: Opener) -> None:
    arrives(connect, "copy")


def test_case_067_message_that_stays_with_the_caller(connect: Opener) -> None:
    arrives(connect, "borrowed")


def test_case_068_message_from_a_file(connect: Opener) -> None:
    arrives(connect, "descriptor")


# --- results and recipients ----------------------------------------------------

both = pytest.mark.parametrize("capabilities", [(), (b"PIPELINING",)], ids=["plain", "pipelining"])

# Milliseconds that the server takes for each half of a message, at least.
TIME = 20
NAMES = ["one@example.com", "two@example.com"]


@both
def test_case_051_result(connect: Opener, capabilities: tuple[bytes, ...]) -> None:
    pace = Pace()

    def dialogue(peer: Peer) -> None:
        peer.greet(*capabilities)
        for command in (FROM, b"RCPT TO:<one@example.com>", b"RCPT TO:<two@example.com>"):
            peer.answer(command, b"250 2.1.0 ok")
        peer.expect(b"DATA")
        pace.take_turn()
        peer.reply(b"354 go on")
        assert peer.content() == MESSAGE + b".\r\n"
        pace.take_turn()
        peer.reply(QUEUED)
        peer.quit()

    connection = connect.opened(dialogue)
    assert connection.info()["capabilities"] == [each.decode() for each in capabilities]
    sending = connection.start_send(MESSAGE, recipients=NAMES)
    pace.give_turns(connection.drive, 2, TIME)
    sending.succeeds()
    result = sending.result()
    check_delivered(result, *NAMES)
    assert result.envelope_time >= TIME
    assert result.message_time >= TIME
    connection.start_quit().succeeds()


@pytest.mark.parametrize(
    "recipient",
    [
        "b@example.com\r\n",
        "b@example.com\r\n RCPT TO:<c@example.com>",
        "b@\r\n example.com",
        "\r\nb@example.com",
        '"b\r\n c"@example.com',
    ],
)
def test_case_062_line_end_in_a_recipient(connect: Opener, recipient: str) -> None:
    """Refused at once, and the envelope is as it was."""
    connection = connect.opened(script(Peer.greet, Peer.quit))
    envelope, failure = connection.drive.try_envelope("a@example.com", [recipient])
    assert failure is not None
    assert failure.name == "EENVELOPE"
    assert "(to) contains a control character" in failure.message
    refused_at_once("EENVELOPE", connection.start_send, envelope=envelope)
    connection.start_quit().succeeds()


# --- TLS -----------------------------------------------------------------------


def test_case_078_offered(connect: Opener, certificates: Certificates) -> None:
    dialogue = script(greets(b"8BITMIME", b"REQUIRETLS"), Peer.delivery, (b"QUIT", b"221 bye"))
    connection = connect.opened(dialogue, certificates.good, secure=1)
    assert connection.capability("REQUIRETLS") == (True, "")
    connection.delivers(MESSAGE)


def test_case_079_not_offered(connect: Opener, certificates: Certificates) -> None:
    dialogue = script(greets(b"8BITMIME", b"X-REQUIRETLS"), Peer.delivery, (b"QUIT", b"221 bye"))
    connection = connect.opened(dialogue, certificates.good, secure=1)
    assert connection.capability("REQUIRETLS") == (False, None)
    connection.delivers(MESSAGE)


@pytest.mark.parametrize(
    "injected",
    [
        b"250-test.local\r\n250 AUTH PLAIN X-INJECTED\r\n",
        b"250-SMTPUTF8 X-INJECTED ",
        b"x",
        b"\r\n",
        b"421 bye\r\n",
    ],
)
def test_case_086_octets_after_starttls(
    connect: Opener, certificates: Certificates, injected: bytes
) -> None:
    """Octets without TLS after the 220, in the same segment, would be read as
    if they had come under TLS."""
    dialogue = script(
        greets(b"STARTTLS", b"X-BEFORE"),
        b"STARTTLS",
        sends(b"220 go\r\n" + injected),
        Peer.nothing_more,
    )
    server = connect.server(dialogue)
    connection = connect(server)
    with connection.drive.held():
        opening = connection.start_connect()
        login = connection.start_login("alice", "sesame")
    failure = opening.fails("ETLS")
    assert failure.phase == "starttls"
    assert failure.command == "STARTTLS"
    login.fails("ETLS")
    connection.wait_end()
    assert not connection.had("connect")
    info = connection.info()
    assert info["secure"] == 0
    assert "INJECTED" not in str(info)
    connect.join()
    assert b"AUTH" not in server.peer.received
