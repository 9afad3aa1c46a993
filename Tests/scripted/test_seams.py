"""Verdicts that meet: of several recipients, of several transactions, of several commands."""

from __future__ import annotations

import pytest

from conftest import Opener
from support.drive.outcomes import (
    ACCEPTED,
    NOT_TRIED,
    REJECTED,
    RETRY_NO,
    RETRY_SAFE,
    RETRY_UNKNOWN,
    UNKNOWN,
)
from support.servers.script import greets, says, script
from support.servers.scripted import Peer

NAMES = ["one@example.com", "two@example.com", "three@example.com"]
BODY = b"Subject: x\r\n\r\nbody\r\n"


def greet(peer: Peer, *capabilities: bytes) -> None:
    peer.reply(b"220 test.local LMTP")
    peer.expect(b"LHLO client.test")
    lines = [b"test.local", *capabilities]
    peer.reply(*[b"250-" + line for line in lines[:-1]], b"250 " + lines[-1])


def envelope(peer: Peer, *replies: bytes) -> None:
    """MAIL and RCPT for the first of NAMES, one for each reply."""
    peer.answer(b"MAIL FROM:", b"250 ok")
    for name, reply in zip(NAMES, replies, strict=False):
        peer.answer(b"RCPT TO:<" + name.encode() + b">", reply)


def test_all_or_none_ends_with_the_envelope(connect: Opener) -> None:
    """After the content one copy may be refused and another be delivered (RFC 2033 section
    4.2): the refusal says nothing of the reply that is lost."""

    def dialogue(peer: Peer) -> None:
        greet(peer)
        envelope(peer, b"250 ok", b"250 ok")
        peer.answer(b"DATA", b"354 go")
        peer.content()
        peer.reply(b"450 4.2.0 later")
        peer.close()

    connection = connect.opened(dialogue, lmtp=1)
    envelope_name = connect.drive.envelope("a@example.com", NAMES[:2], all_or_none=1)
    sending = connection.start_send(BODY, envelope=envelope_name)
    failure = sending.fails("ECONNECTION")
    assert failure.retry == RETRY_UNKNOWN
    result = sending.result()
    assert result.statuses[1] == UNKNOWN
    assert result.recipients[0].response == "450 4.2.0 later"


def test_no_doubt_about_later_transactions(connect: Opener) -> None:
    """The doubt of one transaction is none for the recipients that were to follow."""

    def dialogue(peer: Peer) -> None:
        peer.greet(b"LIMITS RCPTMAX=1")
        envelope(peer, b"250 ok")
        peer.answer(b"DATA", b"354 go")
        peer.content()
        peer.close()

    connection = connect.opened(dialogue)
    sending = connection.start_send(recipients=NAMES)
    assert sending.fails("ECONNECTION").retry == RETRY_UNKNOWN
    result = sending.result()
    assert result.statuses == [UNKNOWN, NOT_TRIED, NOT_TRIED]
    for line in result.recipients[1:]:
        assert line.error is not None
        assert (line.error.name, line.error.retry) == ("ECONNECTION", RETRY_SAFE)
        assert line.error.recipient == line.recipient
        assert line.error.message.startswith("not tried: ")


@pytest.mark.parametrize("code", [500, 502])
def test_late_reply_of_a_server_without_bdat(connect: Opener, code: int) -> None:
    """LMTP, and nobody was accepted. A server that does not know BDAT may read the chunk as
    commands, and its replies to them are no replies to what follows."""

    def dialogue(peer: Peer) -> None:
        greet(peer, b"PIPELINING", b"CHUNKING")
        envelope(peer, b"550 5.1.1 no")
        peer.expect(b"BDAT %d LAST" % len(BODY))
        peer.octets(len(BODY))
        peer.reply(b"%d 5.5.1 what?" % code)
        peer.until_closed()

    connection = connect.opened(dialogue, lmtp=1, chunking=2)
    sending = connection.start_send(BODY, recipients=NAMES[:1])
    assert sending.fails("EENVELOPE").response == "550 5.1.1 no"
    connection.wait_end()
    assert connection.error is not None
    assert (connection.error.name, connection.error.retry) == ("ECONNECTION", RETRY_SAFE)
    assert "BDAT" in connection.error.message


def test_copy_refused_after_another_was_stored(connect: Opener) -> None:
    """LMTP: 501 for one recipient decides nothing about the next, whatever it would mean in
    place of the first reply to BDAT."""

    def dialogue(peer: Peer) -> None:
        greet(peer, b"CHUNKING")
        envelope(peer, *[b"250 ok"] * 3)
        peer.expect(b"BDAT %d LAST" % len(BODY))
        peer.octets(len(BODY))
        peer.reply(b"250 stored", b"501 5.1.3 no", b"250 stored")
        peer.quit_after_reset()

    connection = connect.opened(dialogue, lmtp=1, chunking=1)
    sending = connection.start_send(BODY, recipients=NAMES)
    sending.succeeds()
    assert sending.result().statuses == [ACCEPTED, REJECTED, ACCEPTED]
    connection.start_quit().succeeds()


@pytest.mark.parametrize(
    ("code", "rest", "retry"),
    [
        (501, UNKNOWN, RETRY_UNKNOWN),
        (504, UNKNOWN, RETRY_UNKNOWN),
        (500, REJECTED, RETRY_NO),
        (502, REJECTED, RETRY_NO),
    ],
)
def test_first_copy_refused_as_a_command(connect: Opener, code: int, rest: int, retry: int) -> None:
    """LMTP: 501 and 504 in place of the first reply may be about BDAT or about this copy, so
    the connection is closed and the others are in doubt; 500 and 502 are about BDAT."""

    def dialogue(peer: Peer) -> None:
        greet(peer, b"CHUNKING")
        envelope(peer, *[b"250 ok"] * 3)
        peer.expect(b"BDAT %d LAST" % len(BODY))
        peer.octets(len(BODY))
        peer.reply(b"%d 5.5.4 no" % code)
        peer.until_closed()

    connection = connect.opened(dialogue, lmtp=1, chunking=1)
    sending = connection.start_send(BODY, recipients=NAMES)
    failure = sending.fails("ECONNECTION" if rest == UNKNOWN else "EMESSAGE")
    assert failure.retry == retry
    assert sending.result().statuses == [REJECTED, rest, rest]
    connection.wait_end()


@pytest.mark.parametrize(
    ("reply", "retry"), [(b"451 4.3.0 later", RETRY_SAFE), (b"554 5.7.1 never", RETRY_NO)]
)
def test_reply_to_helo_is_a_verdict(connect: Opener, reply: bytes, retry: int) -> None:
    """EHLO was refused, and HELO has a reply: that one decides."""
    dialogue = script(
        says(b"220 test.local"),
        (b"EHLO ", b"550 5.5.1 what?"),
        (b"HELO ", reply),
        Peer.until_closed,
    )
    failure = connect(dialogue).start_connect().fails("EPROTOCOL")
    assert failure.response == reply.decode()
    assert (failure.command, failure.retry) == ("HELO", retry)
    assert "lost" not in failure.message


def test_refusal_does_not_decide_later_transactions(connect: Opener) -> None:
    """The connection is lost after one recipient was refused: that is not the verdict on those
    whose transaction had not begun."""

    def dialogue(peer: Peer) -> None:
        peer.greet(b"PIPELINING", b"LIMITS RCPTMAX=1")
        envelope(peer, b"550 5.1.1 no")
        peer.expect(b"DATA")
        peer.close()

    connection = connect.opened(dialogue)
    sending = connection.start_send(recipients=NAMES)
    assert sending.fails("ECONNECTION").retry == RETRY_SAFE
    result = sending.result()
    assert result.statuses == [REJECTED, NOT_TRIED, NOT_TRIED]
    refused, *untried = (line.error for line in result.recipients)
    assert refused is not None
    assert (refused.response, refused.retry) == ("550 5.1.1 no", RETRY_NO)
    for error in untried:
        assert error is not None
        assert (error.name, error.retry, error.response) == ("ECONNECTION", RETRY_SAFE, None)


def test_verdict_on_one_message_is_none_on_the_next(connect: Opener) -> None:
    """The connection is closed because of what the server said to one message: the next one
    in the queue was never tried, and may be sent again."""
    dialogue = script(
        greets(b"PIPELINING"),
        b"MAIL FROM:",
        b"RCPT TO:",
        (b"DATA", b"554 5.7.1 no", b"503 5.5.1 no", b"354 go"),
        Peer.until_closed,
    )
    connection = connect.opened(dialogue)
    with connection.drive.held():
        first, second = connection.start_send(), connection.start_send()
    refused = first.fails("EENVELOPE")
    assert (refused.response, refused.retry) == ("554 5.7.1 no", RETRY_NO)
    untried = second.fails("ECONNECTION")
    assert (untried.response, untried.retry) == (None, RETRY_SAFE)
    assert untried.message.startswith("not tried: ")
    assert second.result().statuses == [NOT_TRIED]


def test_message_after_a_violation_was_not_tried(connect: Opener) -> None:
    dialogue = script(
        greets(b"PIPELINING"),
        b"MAIL FROM:",
        b"RCPT TO:",
        (b"DATA", b"250 ok", b"250 ok", b"250 what?"),
        Peer.until_closed,
    )
    connection = connect.opened(dialogue)
    with connection.drive.held():
        first, second = connection.start_send(), connection.start_send()
    assert first.fails("EPROTOCOL").retry == RETRY_NO
    assert second.fails("EPROTOCOL").retry == RETRY_SAFE
