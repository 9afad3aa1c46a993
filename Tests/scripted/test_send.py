"""Sending: envelope, recipients, results, and one message after the other."""

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
    UNKNOWN,
)
from support.servers.script import greets, says, script
from support.servers.scripted import Peer

PLAIN: tuple[bytes, ...] = ()
PIPELINING = (b"PIPELINING",)
both = pytest.mark.parametrize("capabilities", [PLAIN, PIPELINING], ids=["plain", "pipelining"])


@both
def test_some_recipients_refused(connect: Opener, capabilities: tuple[bytes, ...]) -> None:
    def dialogue(peer: Peer) -> None:
        peer.greet(*capabilities)
        peer.answer(b"MAIL FROM:<a@example.com>", b"250 ok")
        for name, reply in (
            (b"one", b"250 2.1.5 ok"),
            (b"two", b"550 5.1.1 no such user"),
            (b"three", b"450 4.2.0 busy"),
            (b"two", b"250 2.1.5 ok"),
        ):
            peer.answer(b"RCPT TO:<" + name + b"@example.com>", reply)
        peer.answer(b"DATA", b"354 go")
        peer.content()
        peer.reply(b"250 ok")
        peer.quit()

    connection = connect.opened(dialogue)
    names = [f"{name}@example.com" for name in ("one", "two", "three", "two")]
    sending = connection.start_send(recipients=names)
    sending.succeeds()
    result = sending.result()
    assert [line.recipient for line in result.recipients] == names
    assert result.statuses == [ACCEPTED, REJECTED, DEFERRED, ACCEPTED]
    assert (result.accepted, result.rejected) == (2, 2)
    refused = result.recipients[1]
    assert refused.command == "RCPT TO"
    assert refused.response_code == 550
    assert refused.enhanced == "5.1.1"
    assert refused.response == "550 5.1.1 no such user"
    assert refused.error is not None
    assert refused.error.name == "EENVELOPE"
    assert refused.error.recipient == "two@example.com"
    assert refused.error.retry == RETRY_NO
    deferred = result.recipients[2].error
    assert deferred is not None
    assert deferred.retry == RETRY_SAFE
    connection.start_quit().succeeds()


def test_all_refused_and_354_all_the_same(connect: Opener) -> None:
    """RFC 2920 section 3.1: the pipelined DATA is accepted although nobody is to
    get the message; a lone dot ends it, and not a single octet of the content
    goes out."""

    def dialogue(peer: Peer) -> None:
        peer.greet(b"PIPELINING")
        peer.answer(b"MAIL FROM:", b"250 ok")
        peer.answer(b"RCPT TO:", b"550 5.1.1 no one")
        peer.answer(b"DATA", b"354 go")
        assert peer.content() == b".\r\n"
        peer.reply(b"554 5.5.1 no valid recipients")
        peer.answer(b"RSET", b"250 ok")
        peer.delivery()
        peer.quit()

    connection = connect.opened(dialogue)
    sending = connection.start_send()
    failure = sending.fails("EENVELOPE")
    assert failure.response_code == 550
    assert sending.result().statuses == [REJECTED]
    connection.delivers()


@both
@pytest.mark.parametrize("reply", [b"451 4.3.0 later", b"554 5.6.0 never"])
def test_data_refused(connect: Opener, capabilities: tuple[bytes, ...], reply: bytes) -> None:
    dialogue = script(
        greets(*capabilities),
        (b"MAIL FROM:", b"250 ok"),
        (b"RCPT TO:", b"250 ok"),
        (b"DATA", reply),
        (b"RSET", b"250 ok"),
        Peer.delivery,
        Peer.quit,
    )
    connection = connect.opened(dialogue)
    sending = connection.start_send()
    failure = sending.fails("EENVELOPE")
    assert failure.command == "DATA"
    assert failure.response == reply.decode()
    assert sending.result().accepted == 0
    connection.delivers()


@both
@pytest.mark.parametrize(
    ("reply", "status", "retry"),
    [
        (b"550 5.7.1 spam", REJECTED, RETRY_NO),
        (b"452 4.3.1 full", DEFERRED, RETRY_SAFE),
    ],
)
def test_message_refused(
    connect: Opener, capabilities: tuple[bytes, ...], reply: bytes, status: int, retry: int
) -> None:
    dialogue = script(
        greets(*capabilities),
        Peer.envelope,
        Peer.content,
        says(reply),
        (b"RSET", b"250 ok"),
        Peer.delivery,
        Peer.quit,
    )
    connection = connect.opened(dialogue)
    sending = connection.start_send()
    failure = sending.fails("EMESSAGE")
    assert failure.command == "DATA"
    assert failure.phase == "message"
    assert failure.retry == retry
    line = sending.result().recipients[0]
    assert line.status == status
    assert line.command == "DATA"
    assert line.error is not None
    assert line.error.name == "EMESSAGE"
    connection.delivers()


def test_reset_that_is_refused(connect: Opener) -> None:
    dialogue = script(Peer.greet, (b"RSET", b"500 what?"), (b"RSET", b"250 ok"), Peer.quit)
    connection = connect.opened(dialogue)
    failure = connection.start_reset().fails("EPROTOCOL")
    assert failure.command == "RSET"
    connection.start_reset().succeeds()
    connection.start_quit().succeeds()


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


def test_pipelined_group_is_one_write(connect: Opener) -> None:
    """MAIL, RCPT and DATA leave together; the first read of the server has them
    all, before it has said a word."""
    dialogue = script(
        greets(b"PIPELINING"),
        b"MAIL FROM:",
        b"RCPT TO:",
        b"RCPT TO:",
        (b"DATA", b"250 ok", b"250 ok", b"250 ok", b"354 go"),
        Peer.content,
        says(b"250 ok"),
        Peer.quit,
    )
    connection = connect.opened(dialogue)
    connection.delivers(recipients=["b@example.com", "c@example.com"])


def test_nothing_is_pipelined_unasked(connect: Opener) -> None:
    """Without the offer the next command waits for the reply."""

    def dialogue(peer: Peer) -> None:
        peer.greet()
        for command, reply in (
            (b"MAIL FROM:", b"250 ok"),
            (b"RCPT TO:", b"250 ok"),
            (b"RCPT TO:", b"250 ok"),
            (b"DATA", b"354 go"),
        ):
            peer.expect(command)
            peer.idle()
            peer.reply(reply)
        peer.content()
        peer.reply(b"250 ok")
        peer.quit()

    connection = connect.opened(dialogue)
    connection.delivers(recipients=["b@example.com", "c@example.com"])


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


def test_unknown_is_for_the_end_only(connect: Opener) -> None:
    """Lost after the final dot: it may have been delivered."""
    dialogue = script(Peer.greet, Peer.envelope, Peer.content, Peer.half_close, Peer.until_closed)
    connection = connect.opened(dialogue)
    with connection.drive.held():
        first = connection.start_send()
        second = connection.start_send()
    first.fails("ECONNECTION")
    assert first.result().statuses == [UNKNOWN]
    assert second.fails("ECONNECTION").retry == RETRY_SAFE
    assert second.result().statuses == [NOT_TRIED]
