"""What a message needs of the server: SIZE, 8BITMIME, SMTPUTF8, REQUIRETLS, and a
limit on recipients."""

from __future__ import annotations

import pytest

from conftest import Opener
from support.drive.outcomes import (
    ACCEPTED,
    DEFERRED,
    NOT_TRIED,
    REJECTED,
    RETRY_NO,
    RETRY_SAFE,
    RETRY_UNKNOWN,
    UNKNOWN,
)
from support.servers.scripted import Peer

SENDER = b"MAIL FROM:<a@example.com>"
ASCII = b"Subject: x\r\n\r\nbody\r\n"
EIGHT_BIT = b"Subject: x\r\n\r\nb\xc3\xb6dy\r\n"
UTF8_HEADER = b"Subject: \xc3\xb6\r\n\r\nbody\r\n"


def take(peer: Peer, mail: bytes) -> None:
    """One message; MAIL must be exactly this, and then QUIT comes."""
    assert peer.line() == mail
    peer.reply(b"250 ok")
    peer.answer(b"RCPT TO:", b"250 ok")
    peer.answer(b"DATA", b"354 go")
    peer.content()
    peer.reply(b"250 ok")
    peer.quit()


# --- SIZE -------------------------------------------------------------------


@pytest.mark.parametrize("way", ["copy", "borrowed"])
@pytest.mark.parametrize("told", [0, 5])
@pytest.mark.parametrize(
    ("content", "size"),
    [
        (ASCII, 20),
        (b"", 0),
        # As it is sent: line endings repaired, dots not escaped, no final dot.
        (b"a: b\n\n.x\r\ry", 17),
        (b"a: b\r\n\r\nno end", 16),
    ],
)
def test_size_is_known(connect: Opener, way: str, told: int, content: bytes, size: int) -> None:
    """The message itself is asked, whatever the envelope says."""

    def dialogue(peer: Peer) -> None:
        peer.greet(b"SIZE 1000")
        take(peer, SENDER + b" SIZE=%d" % size)

    connection = connect.opened(dialogue)
    drive = connection.drive
    envelope = drive.envelope("a@example.com", ["b@example.com"], told)
    sending = connection.start_send(envelope=envelope, message=drive.message(content, way))
    sending.succeeds()
    assert sending.result().message_size == size
    connection.start_quit().succeeds()


def test_larger_than_the_server_takes(connect: Opener) -> None:
    """RFC 1870: refused before a word is said, and no octet more than fits is."""

    def dialogue(peer: Peer) -> None:
        peer.greet(b"SIZE 20")
        take(peer, SENDER + b" SIZE=20")

    connection = connect.opened(dialogue)
    sending = connection.start_send(ASCII[:-2] + b"!\r\n")
    failure = sending.fails("EMESSAGE")
    assert failure.retry == RETRY_NO
    assert failure.phase == "envelope"
    for number in ("20", "21"):
        assert number in failure.message
    assert failure.response is None
    assert sending.result().statuses == [NOT_TRIED]
    connection.delivers(ASCII)


def test_size_of_a_reader_is_that_of_the_envelope(connect: Opener) -> None:
    def dialogue(peer: Peer) -> None:
        peer.greet(b"SIZE 1000")
        take(peer, SENDER + b" SIZE=1000")

    connection = connect.opened(dialogue)
    drive = connection.drive
    to = ["b@example.com"]
    larger = drive.envelope("a@example.com", to, 1001)
    sending = connection.start_send(envelope=larger, message=drive.reader(ASCII))
    assert "1000" in sending.fails("EMESSAGE").message
    envelope = drive.envelope("a@example.com", to, 1000)
    connection.delivers(envelope=envelope, message=drive.reader(ASCII))


@pytest.mark.parametrize("offer", [b"SIZE", b"SIZE 0"])
def test_no_limit(connect: Opener, offer: bytes) -> None:
    def dialogue(peer: Peer) -> None:
        peer.greet(offer)
        take(peer, SENDER + b" SIZE=20")

    connection = connect.opened(dialogue)
    connection.delivers(ASCII)


# --- 8BITMIME ---------------------------------------------------------------


@pytest.mark.parametrize(
    ("offered", "use", "way", "content", "parameter"),
    [
        (True, None, "copy", ASCII, b""),
        (True, None, "copy", EIGHT_BIT, b" BODY=8BITMIME"),
        (True, -1, "borrowed", EIGHT_BIT, b" BODY=8BITMIME"),
        # 8-bit content only at the very end of something large.
        (True, None, "copy", b"a: b\r\n\r\n" + b"x" * 70 * 1000 + b"\xe4", b" BODY=8BITMIME"),
        # Neither can be looked at.
        (True, None, "reader", EIGHT_BIT, b""),
        (True, None, "descriptor", EIGHT_BIT, b""),
        (False, None, "reader", EIGHT_BIT, b""),
        (True, 1, "copy", ASCII, b" BODY=8BITMIME"),
        (True, 1, "reader", ASCII, b" BODY=8BITMIME"),
        (False, 1, "copy", EIGHT_BIT, b""),
        (True, 0, "copy", EIGHT_BIT, b""),
        (False, 0, "copy", EIGHT_BIT, b""),
        (False, None, "copy", ASCII, b""),
    ],
)
def test_8bitmime(
    connect: Opener, offered: bool, use: int | None, way: str, content: bytes, parameter: bytes
) -> None:
    def dialogue(peer: Peer) -> None:
        peer.greet(*([b"8BITMIME"] if offered else []))
        take(peer, SENDER + parameter)

    connection = connect.opened(dialogue)
    drive = connection.drive
    message = drive.reader(content) if way == "reader" else drive.message(content, way)
    envelope = drive.envelope("a@example.com", ["b@example.com"], use_8bitmime=use)
    connection.delivers(envelope=envelope, message=message)


@pytest.mark.parametrize("content", [EIGHT_BIT, UTF8_HEADER, b"a: b\r\n\r\n\xff"])
def test_8bit_content_that_the_server_does_not_take(connect: Opener, content: bytes) -> None:
    """RFC 6152 section 3: refused before MAIL."""

    def dialogue(peer: Peer) -> None:
        peer.greet(b"SIZE 1000")
        take(peer, SENDER + b" SIZE=20")

    connection = connect.opened(dialogue)
    sending = connection.start_send(content)
    failure = sending.fails("EMESSAGE")
    assert "8BITMIME" in failure.message
    assert failure.retry == RETRY_NO
    assert sending.result().statuses == [NOT_TRIED]
    connection.delivers(ASCII)


# --- SMTPUTF8 ---------------------------------------------------------------


@pytest.mark.parametrize(
    ("capabilities", "use", "sender", "content", "mail"),
    [
        ((b"SMTPUTF8", b"8BITMIME"), 0, "a@example.com", ASCII, SENDER),
        ((b"SMTPUTF8", b"8BITMIME"), 1, "a@example.com", ASCII, SENDER + b" SMTPUTF8"),
        (
            (b"SMTPUTF8", b"8BITMIME"),
            0,
            "a@example.com",
            UTF8_HEADER,
            SENDER + b" SMTPUTF8 BODY=8BITMIME",
        ),
        # The body alone does not need it.
        ((b"SMTPUTF8", b"8BITMIME"), 0, "a@example.com", EIGHT_BIT, SENDER + b" BODY=8BITMIME"),
        (
            (b"SMTPUTF8", b"8BITMIME"),
            0,
            "\u00e4@example.com",
            ASCII,
            "MAIL FROM:<\u00e4@example.com> SMTPUTF8".encode(),
        ),
        # Used when it is offered, and sent as it always was when it is not.
        ((b"8BITMIME",), 0, "a@example.com", UTF8_HEADER, SENDER + b" BODY=8BITMIME"),
    ],
)
def test_smtputf8(
    connect: Opener,
    capabilities: tuple[bytes, ...],
    use: int,
    sender: str,
    content: bytes,
    mail: bytes,
) -> None:
    def dialogue(peer: Peer) -> None:
        peer.greet(*capabilities)
        take(peer, mail)

    connection = connect.opened(dialogue)
    envelope = connection.drive.envelope(sender, ["b@example.com"], use_smtputf8=use)
    connection.delivers(content, envelope=envelope)


def test_smtputf8_wanted_and_not_offered(connect: Opener) -> None:
    def dialogue(peer: Peer) -> None:
        peer.greet(b"8BITMIME")
        take(peer, SENDER)

    connection = connect.opened(dialogue)
    drive = connection.drive
    envelope = drive.envelope("a@example.com", ["b@example.com"], use_smtputf8=1)
    sending = connection.start_send(envelope=envelope)
    assert "SMTPUTF8" in sending.fails("EMESSAGE").message
    assert sending.result().statuses == [NOT_TRIED]
    connection.delivers()


# --- so many recipients at a time -------------------------------------------

NAMES = [f"r{number}@example.com" for number in range(5)]
both = pytest.mark.parametrize("capabilities", [(), (b"PIPELINING",)], ids=["plain", "pipelining"])
TOO_MANY = b"452 4.5.3 too many recipients"


def transaction(peer: Peer, recipients: list[str], limit: int, final: bytes = b"250 ok") -> bytes:
    """Takes the first recipients, and the content for them."""
    peer.answer(b"MAIL FROM:<a@example.com>", b"250 ok")
    for number, name in enumerate(recipients):
        peer.answer(b"RCPT TO:<" + name.encode() + b">", b"250 ok" if number < limit else TOO_MANY)
    peer.answer(b"DATA", b"354 go")
    content = peer.content()
    peer.reply(final)
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
    connection.start_quit().succeeds()
    connect.join()
    assert contents == [b"a: b\r\n\r\n..dot\r\n.\r\n"] * 3


def test_another_refusal_is_not_tried_again(connect: Opener) -> None:
    def dialogue(peer: Peer) -> None:
        peer.greet()
        peer.answer(SENDER, b"250 ok")
        for reply in (b"250 ok", b"450 4.2.0 busy", b"550 5.1.1 no", TOO_MANY, TOO_MANY):
            peer.answer(b"RCPT TO:", reply)
        peer.answer(b"DATA", b"354 go")
        peer.content()
        peer.reply(b"250 ok")
        transaction(peer, NAMES[3:], 2)
        peer.quit()

    connection = connect.opened(dialogue)
    sending = connection.start_send(recipients=NAMES)
    sending.succeeds()
    assert sending.result().statuses == [ACCEPTED, DEFERRED, REJECTED, ACCEPTED, ACCEPTED]
    connection.start_quit().succeeds()


def test_no_second_transaction_for_a_reader(connect: Opener) -> None:
    """It has been read, and cannot be read again."""

    def dialogue(peer: Peer) -> None:
        peer.greet()
        transaction(peer, NAMES, 2)
        peer.quit_after_reset()

    connection = connect.opened(dialogue)
    message = connection.drive.reader(ASCII)
    sending = connection.start_send(recipients=NAMES, message=message)
    sending.succeeds()
    result = sending.result()
    assert result.statuses == [ACCEPTED] * 2 + [DEFERRED] * 3
    assert result.recipients[2].response_code == 452
    connection.start_quit().succeeds()


@both
def test_the_first_is_refused_with_452(connect: Opener, capabilities: tuple[bytes, ...]) -> None:
    """No transaction accepted a recipient: repeating it would never end."""

    def dialogue(peer: Peer) -> None:
        peer.greet(*capabilities)
        peer.answer(b"MAIL FROM:", b"250 ok")
        for _ in NAMES:
            peer.answer(b"RCPT TO:", b"452 4.3.1 no room")
        if capabilities:
            peer.answer(b"DATA", b"503 5.5.1 nobody")
        peer.quit_after_reset()

    connection = connect.opened(dialogue)
    sending = connection.start_send(recipients=NAMES)
    assert sending.fails("EENVELOPE").retry == RETRY_SAFE
    assert sending.result().statuses == [DEFERRED] * 5
    connection.start_quit().succeeds()


@pytest.mark.parametrize(
    ("final", "status"), [(b"451 4.3.0 later", DEFERRED), (b"554 5.6.0 no", REJECTED)]
)
def test_a_later_transaction_fails(connect: Opener, final: bytes, status: int) -> None:
    """A recipient got the message: the send succeeds."""

    def dialogue(peer: Peer) -> None:
        peer.greet()
        transaction(peer, NAMES, 3)
        transaction(peer, NAMES[3:], 2, final)
        peer.quit_after_reset()

    connection = connect.opened(dialogue)
    sending = connection.start_send(recipients=NAMES)
    sending.succeeds()
    assert sending.result().statuses == [ACCEPTED] * 3 + [status] * 2
    connection.start_quit().succeeds()


def test_lost_in_a_later_transaction(connect: Opener) -> None:
    """What the first transaction did stays true."""

    def dialogue(peer: Peer) -> None:
        peer.greet()
        transaction(peer, NAMES, 3)
        peer.expect(b"MAIL FROM:")

    connection = connect.opened(dialogue)
    sending = connection.start_send(recipients=NAMES)
    statuses = sending.result().statuses
    assert statuses[:3] == [ACCEPTED] * 3
    assert all(status in (DEFERRED, NOT_TRIED) for status in statuses[3:])
    connection.wait_end()


@both
def test_in_doubt_in_a_later_transaction(connect: Opener, capabilities: tuple[bytes, ...]) -> None:
    """Doubt about one recipient must not be hidden by those who got the message."""

    def dialogue(peer: Peer) -> None:
        peer.greet(*capabilities)
        transaction(peer, NAMES, 3)
        peer.envelope(*[name.encode() for name in NAMES[3:]])
        peer.content()

    connection = connect.opened(dialogue)
    sending = connection.start_send(recipients=NAMES)
    assert sending.fails("ECONNECTION").retry == RETRY_UNKNOWN
    assert sending.result().statuses == [ACCEPTED] * 3 + [UNKNOWN] * 2
    connection.wait_end()


def test_what_the_first_transaction_refuses(connect: Opener) -> None:
    """The content is refused: the rest is not bothered with it."""

    def dialogue(peer: Peer) -> None:
        peer.greet()
        transaction(peer, NAMES, 3, b"554 5.6.0 spam")
        peer.quit_after_reset()

    connection = connect.opened(dialogue)
    sending = connection.start_send(recipients=NAMES)
    sending.fails("EMESSAGE")
    assert sending.result().statuses == [REJECTED] * 3 + [DEFERRED] * 2
    connection.start_quit().succeeds()
