"""Cases 50 to 54, 58, 62, 64 and 65: senders, recipients, and what became of them."""

from __future__ import annotations

import pytest

from conftest import Opener
from original.mailing import FROM, MESSAGE, QUEUED, check_delivered, mail
from support.drive.connection import refused_at_once
from support.drive.outcomes import ACCEPTED, DEFERRED, NOT_TRIED, REJECTED
from support.pace import Pace
from support.servers.script import script
from support.servers.scripted import Peer

both = pytest.mark.parametrize("capabilities", [(), (b"PIPELINING",)], ids=["plain", "pipelining"])

NAMES = ["one@example.com", "two@example.com", "three@example.com"]

# --- recipients -------------------------------------------------------------


def middle_refused(connect: Opener, *capabilities: bytes) -> None:
    """Two of three get the message; the result says everything about each."""

    def dialogue(peer: Peer) -> None:
        peer.greet(*capabilities)
        mail(peer, FROM + b" SIZE=20", b"250 2.1.5 ok", b"550 5.1.1 no such user", b"250 2.1.5 ok")
        peer.reply(QUEUED)
        peer.quit()

    connection = connect.opened(dialogue)
    assert connection.info()["capabilities"] == [each.decode() for each in capabilities]
    sending = connection.start_send(MESSAGE, recipients=NAMES)
    sending.succeeds()
    result = sending.result()
    assert result.statuses == [ACCEPTED, REJECTED, ACCEPTED]
    assert (result.accepted, result.rejected) == (2, 1)
    assert [line.recipient for line in result.recipients] == NAMES
    assert [line.response_code for line in result.recipients] == [250, 550, 250]
    assert result.response == QUEUED.decode()
    assert result.message_size == len(MESSAGE)
    refused = result.recipients[1]
    assert (refused.command, refused.enhanced) == ("RCPT TO", "5.1.1")
    assert refused.error is not None
    assert refused.error.name == "EENVELOPE"
    assert refused.error.recipient == NAMES[1]
    assert refused.error.response == "550 5.1.1 no such user"
    assert result.recipients[0].error is None
    assert result.recipients[2].error is None
    connection.start_quit().succeeds()


def test_case_050_one_of_three_refused_without_pipelining(connect: Opener) -> None:
    middle_refused(connect, b"8BITMIME", b"SIZE 1000")


# Milliseconds that the server takes for each half of a message, at least.
TIME = 20


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
    sending = connection.start_send(MESSAGE, recipients=NAMES[:2])
    pace.give_turns(connection.drive, 2, TIME)
    sending.succeeds()
    result = sending.result()
    check_delivered(result, *NAMES[:2])
    assert result.envelope_time >= TIME
    assert result.message_time >= TIME
    connection.start_quit().succeeds()


def test_case_052_reset_between_two_messages(connect: Opener) -> None:
    dialogue = script(
        Peer.greet, Peer.delivery, (b"RSET", b"250 2.0.0 ok"), Peer.delivery, Peer.quit
    )
    connection = connect.opened(dialogue)
    first = connection.start_send(MESSAGE)
    connection.start_reset().succeeds()
    second = connection.start_send(MESSAGE)
    for sending in (first, second):
        sending.succeeds()
        check_delivered(sending.result(), "b@example.com")
    connection.start_quit().succeeds()


def test_case_053_one_of_three_refused(connect: Opener) -> None:
    middle_refused(connect, b"PIPELINING", b"SIZE 1000")


@both
def test_case_054_all_three_refused(connect: Opener, capabilities: tuple[bytes, ...]) -> None:
    """Not a success, and yet there is a result: every recipient with its own error."""
    replies = (b"550 5.1.1 one", b"450 4.2.1 two", b"553 5.1.3 three")

    def dialogue(peer: Peer) -> None:
        peer.greet(*capabilities)
        peer.answer(FROM, b"250 ok")
        for name, reply in zip(NAMES, replies, strict=True):
            peer.answer(b"RCPT TO:<" + name.encode() + b">", reply)
        if capabilities:
            peer.answer(b"DATA", b"554 5.5.1 no valid recipients")
        peer.quit_after_reset()

    connection = connect.opened(dialogue)
    sending = connection.start_send(recipients=NAMES)
    failure = sending.fails("EENVELOPE")
    assert failure.command == "RCPT TO"
    result = sending.result()
    assert (result.accepted, result.rejected) == (0, 3)
    assert result.statuses == [REJECTED, DEFERRED, REJECTED]
    for line, name, reply in zip(result.recipients, NAMES, replies, strict=True):
        assert line.recipient == name
        assert line.response == reply.decode()
        assert line.error is not None
        assert line.error.recipient == name
    connection.start_quit().succeeds()


@both
@pytest.mark.parametrize("data_reply", [b"554 5.5.1 no valid recipients", b"503 5.5.1 RCPT first"])
def test_case_064_all_recipients_refused(
    connect: Opener, capabilities: tuple[bytes, ...], data_reply: bytes
) -> None:
    """Fails, and the next message is sent after a RSET."""

    def dialogue(peer: Peer) -> None:
        peer.greet(*capabilities)
        peer.answer(b"MAIL FROM:", b"250 ok")
        for reply in (b"550 5.1.1 no one", b"450 4.2.0 busy"):
            peer.answer(b"RCPT TO:", reply)
        if capabilities:
            peer.answer(b"DATA", data_reply)
        peer.answer(b"RSET", b"250 ok")
        peer.delivery()
        peer.quit()

    connection = connect.opened(dialogue)
    sending = connection.start_send(recipients=["b@example.com", "c@example.com"])
    failure = sending.fails("EENVELOPE")
    assert failure.command == "RCPT TO"
    assert failure.response_code in (450, 550)
    result = sending.result()
    assert result.statuses == [REJECTED, DEFERRED]
    assert [line.response_code for line in result.recipients] == [550, 450]
    connection.delivers()
    assert connection.error is None


@both
def test_case_065_sender_refused(connect: Opener, capabilities: tuple[bytes, ...]) -> None:
    def dialogue(peer: Peer) -> None:
        peer.greet(*capabilities)
        peer.answer(b"MAIL FROM:", b"553 5.1.8 no such sender")
        if capabilities:
            peer.answer(b"RCPT TO:", b"503 5.5.1 MAIL first")
            peer.answer(b"DATA", b"503 5.5.1 RCPT first")
        peer.delivery()
        peer.quit()

    connection = connect.opened(dialogue)
    sending = connection.start_send()
    failure = sending.fails("EENVELOPE")
    assert failure.command == "MAIL FROM"
    assert failure.response == "553 5.1.8 no such sender"
    assert sending.result().statuses == [NOT_TRIED]
    connection.delivers()


# --- LMTP -------------------------------------------------------------------


def test_case_058_lmtp(connect: Opener) -> None:
    """A fate for each: the second has none of its own behind DATA."""
    names = [f"r{number}@example.com" for number in range(1, 7)]

    def dialogue(peer: Peer) -> None:
        peer.reply(b"220 test.local LMTP")
        peer.answer(b"LHLO ", b"250 test.local")
        rcpt = [b"550 5.1.1 no" if name.startswith("r2") else b"250 ok" for name in names]
        mail(peer, FROM, *rcpt)
        no, yes = b"550 5.2.0 no", b"250 2.0.0 saved"
        peer.reply(no, yes, no, yes, no)
        peer.quit_after_reset()

    connection = connect.opened(dialogue, lmtp=1)
    sending = connection.start_send(recipients=names)
    sending.succeeds()
    result = sending.result()
    assert result.statuses == [REJECTED, REJECTED, ACCEPTED, REJECTED, ACCEPTED, REJECTED]
    assert [line.recipient for line in result.recipients] == names
    commands = [line.error.command if line.error else None for line in result.recipients]
    assert commands == ["DATA", "RCPT TO", None, "DATA", None, "DATA"]
    assert result.recipients[2].response == "250 2.0.0 saved"
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
